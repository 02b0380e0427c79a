import Training

/// One thing that a search varies: where it stands in the file, what it may be, and when it counts.
public struct SearchParameter: Sendable, Equatable {
  public enum Domain: Sendable, Equatable {
    case range(NumericRange)
    /// At least one, each another.
    case choice([ConfigNode])
  }

  /// As in `model.optimizer = sgd or rmsprop`: another parameter of the search has one of these values.
  public struct Condition: Sendable, Equatable {
    public var path: String
    public var values: [ConfigNode]

    public init(path: String, values: [ConfigNode]) {
      self.path = path
      self.values = values
    }
  }

  /// `model.learning_rate`, `callbacks.early-stopping.patience`.
  public var path: String
  public var domain: Domain
  /// All must hold for the parameter to count; where one does not, the file's own value stands.
  public var conditions: [Condition]

  public init(_ path: String, _ domain: Domain, when conditions: [Condition] = []) {
    self.path = path
    self.domain = domain
    self.conditions = conditions
  }

  /// How many values it may have; `nil`: a continuum.
  public var count: Int? {
    switch domain {
    case .range(let range): range.count
    case .choice(let values): values.count
    }
  }

  /// `0.0001 to 0.1, logarithmic`, for people.
  public var summary: String {
    var text: String
    switch domain {
    case .choice(let values): text = values.map(\.description).joined(separator: ", ")
    case .range(let range):
      func shown(_ value: Double) -> String { range.isInteger ? "\(Int64(value))" : "\(value)" }
      text = "\(shown(range.low)) to \(shown(range.high))"
      if let step = range.step, step != 1 || !range.isInteger { text += " in steps of \(shown(step))" }
      if range.isLog { text += ", logarithmic" }
    }
    let when = conditions.map { condition in
      "\(condition.path) is \(condition.values.map(\.description).joined(separator: " or "))"
    }
    return when.isEmpty ? text : text + "; when " + when.joined(separator: " and ")
  }

  // MARK: Values

  /// A value as a config holds it.
  func node(of value: SearchPoint.Value) -> ConfigNode {
    switch (domain, value) {
    case (.range(let range), .number(let number)):
      range.isInteger ? ConfigNode(.int(Int64(number))) : ConfigNode(.float(number))
    case (.choice(let values), .choice(let index)) where values.indices.contains(index): values[index]
    default: .null
    }
  }

  /// The value that a config's node is; `nil`: none of the parameter's.
  func value(of node: ConfigNode) -> SearchPoint.Value? {
    switch domain {
    case .choice(let values): return values.firstIndex(of: node).map { .choice($0) }
    case .range(let range):
      let number: Double
      switch node.value {
      case .int(let value): number = Double(value)
      case .float(let value): number = value
      default: return nil
      }
      return number >= range.low && number <= range.high ? .number(number) : nil
    }
  }

  /// Drawn evenly: each value is as likely as any other, on a logarithmic scale each order of magnitude.
  func random(_ stream: inout RandomStream) -> SearchPoint.Value {
    switch domain {
    case .choice(let values): return .choice(Int(stream.next(below: UInt64(values.count))))
    case .range(let range):
      let line = range.line
      let position = line.lowerBound + (line.upperBound - line.lowerBound) * stream.nextDouble()
      return .number(range.value(of: position))
    }
  }

  /// Every value, in order; `[]` for a continuum.
  var values: [SearchPoint.Value] {
    switch domain {
    case .range(let range): (range.values ?? []).map { .number($0) }
    case .choice(let values): values.indices.map { .choice($0) }
    }
  }
}
