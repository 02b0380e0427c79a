import Training

/// The parameters of a search, each after those that its conditions name.
public struct SearchSpace: Sendable, Equatable {
  public let parameters: [SearchParameter]
  /// By parameter: its conditions as indices of parameters and of values.
  private let conditions: [[(parameter: Int, values: [SearchPoint.Value])]]
  /// By parameter: whether a condition names it.
  private let hasDependents: [Bool]

  /// Parameters stay in the order in which they are given, but that one with a condition comes after what it depends on.
  /// Conditions that name no parameter, or go in a circle, never hold: `SearchSpaceReader` refuses them.
  public init(_ parameters: [SearchParameter]) {
    var sorted: [SearchParameter] = []
    var rest = parameters
    while !rest.isEmpty {
      let known = Set(sorted.map(\.path))
      let ready = rest.firstIndex { $0.conditions.allSatisfy { known.contains($0.path) } }
      sorted.append(rest.remove(at: ready ?? 0))
    }
    self.parameters = sorted
    conditions = sorted.map { parameter in
      parameter.conditions.map { condition in
        let index = sorted.firstIndex { $0.path == condition.path } ?? -1
        let values = index < 0 ? [] : condition.values.compactMap { sorted[index].value(of: $0) }
        return (index, values)
      }
    }
    hasDependents = sorted.map { parameter in
      sorted.contains { $0.conditions.contains { $0.path == parameter.path } }
    }
  }

  public static func == (left: SearchSpace, right: SearchSpace) -> Bool {
    left.parameters == right.parameters
  }

  /// A point, parameter by parameter; those whose conditions do not hold are left out.
  func point(_ value: (Int) -> SearchPoint.Value) -> SearchPoint {
    var values: [SearchPoint.Value?] = []
    for index in parameters.indices { values.append(isActive(index, in: values) ? value(index) : nil) }
    return SearchPoint(values)
  }

  private func isActive(_ index: Int, in values: [SearchPoint.Value?]) -> Bool {
    conditions[index].allSatisfy { condition in
      guard values.indices.contains(condition.parameter), let value = values[condition.parameter] else {
        return false
      }
      return condition.values.contains(value)
    }
  }

  /// The stream of a parameter in a trial: what another parameter draws does not change it.
  func stream(_ index: Int, trial: Int, seed: UInt64) -> RandomStream {
    RandomStream(seed: seed, name: "search/" + parameters[index].path, number: UInt64(trial))
  }

  /// The point that a trial has in a random search.
  public func randomPoint(trial: Int, seed: UInt64) -> SearchPoint {
    point { index in
      var stream = stream(index, trial: trial, seed: seed)
      return parameters[index].random(&stream)
    }
  }

  // MARK: The grid

  /// A grid of more points is nobody's, and its values are not to be made one by one.
  static let mostGridPoints = 1_000_000

  /// How many points the grid has; `nil`: a parameter is a continuum, or they are too many to count.
  public var gridCount: Int? {
    // A parameter that others depend on is counted value by value.
    let isCountable = zip(parameters, hasDependents).allSatisfy { parameter, hasDependents in
      parameter.count.map { !hasDependents || $0 <= Self.mostGridPoints } ?? false
    }
    return isCountable ? gridCount(from: 0, []) : nil
  }

  /// Values that nothing depends on are multiplied, the others tried one by one.
  private func gridCount(from index: Int, _ values: [SearchPoint.Value?]) -> Int? {
    guard index < parameters.count else { return 1 }
    guard isActive(index, in: values) else { return gridCount(from: index + 1, values + [nil]) }
    guard hasDependents[index] else {
      // Any value will do: none is looked at.
      guard let own = parameters[index].count, let rest = gridCount(from: index + 1, values + [.choice(-1)])
      else { return nil }
      let (product, overflow) = rest.multipliedReportingOverflow(by: own)
      return overflow ? nil : product
    }
    var total = 0
    for value in parameters[index].values {
      guard let rest = gridCount(from: index + 1, values + [value]) else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(rest)
      if overflow { return nil }
      total = sum
    }
    return total
  }

  /// A point of the grid by its number; the last parameter changes fastest. `nil`: there is none.
  public func gridPoint(_ number: Int) -> SearchPoint? {
    guard number >= 0, let count = gridCount, number < count else { return nil }
    var rest = number
    var values: [SearchPoint.Value?] = []
    for index in parameters.indices {
      guard isActive(index, in: values) else {
        values.append(nil)
        continue
      }
      // As many points of the grid have a value as there are below it.
      for value in parameters[index].values {
        guard let below = gridCount(from: index + 1, values + [value]) else { return nil }
        if rest < below {
          values.append(value)
          break
        }
        rest -= below
      }
    }
    return values.count == parameters.count ? SearchPoint(values) : nil
  }

  // MARK: Points as values of a config

  /// Path and value of each parameter that counts, in order.
  public func values(of point: SearchPoint) -> [(path: String, value: ConfigNode)] {
    zip(parameters, point.values).compactMap { parameter, value in
      value.map { (parameter.path, parameter.node(of: $0)) }
    }
  }

  public func json(of point: SearchPoint) -> JSONValue {
    .object(values(of: point).map { JSONValue.Member($0.path, JSONValue($0.value)) })
  }

  /// The point that `json(of:)` has written; `nil`: it is none of this space.
  public func point(of json: JSONValue) -> SearchPoint? {
    guard let members = json.members else { return nil }
    var isPoint = true
    let point = point { index in
      let parameter = parameters[index]
      if let node = json[parameter.path]?.node, let value = parameter.value(of: node) { return value }
      isPoint = false
      return .choice(-1)
    }
    return isPoint && members.count == point.values.filter { $0 != nil }.count ? point : nil
  }
}
