import PluginKit

/// All rows of a pass: what a measure over the order of scores needs, and grows with the pass by
/// 8·(width + 2) bytes a row.
public struct ScoredRows: Codable, Equatable, Sendable {
  public private(set) var task = MeasuredTask()
  private var scores: [Double] = []
  private var targets: [Int] = []
  private var weights: [Double] = []
  /// 1: some batch had weights.
  private var isWeighted = 0

  public init() {}

  /// Keeps what a loaded checkpoint has accumulated for the same task.
  public mutating func prepare(_ task: MeasuredTask) {
    if self.task != task { clear() }
    self.task = task
  }

  /// Keeps the memory: the next pass is as long.
  public mutating func clear() {
    scores.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
    isWeighted = 0
  }

  public mutating func add(_ examples: Examples) throws {
    guard isSound else { throw damagedState }
    scores.append(contentsOf: examples.predictions)
    for row in 0..<examples.rows {
      targets.append(examples.trueClass(row))
      weights.append(examples.weight(row))
    }
    if examples.weights != nil { isWeighted = 1 }
  }

  public mutating func merge(_ other: ScoredRows) throws {
    guard other.task == task, other.isSound else { throw otherTask }
    scores += other.scores
    targets += other.targets
    weights += other.weights
    isWeighted = max(isWeighted, other.isWeighted)
  }

  public var isEmpty: Bool { targets.isEmpty }
  public var hasWeights: Bool { isWeighted != 0 }
  private var isSound: Bool { weights.count == targets.count && scores.count == targets.count * task.width }

  // MARK: Curves

  /// A curve for each class against the others, averaged: one value, or one for each class.
  /// - Parameter measure: A value of one curve; `nil` where it is not defined, and then so is the average.
  public func values(
    _ averaging: CurveAveraging, _ measure: (RankedScores) -> Double?
  ) throws -> [Double?] {
    guard isSound else { throw damagedState }
    guard !isEmpty else { return [] }
    if task.kind == .binary { return [measure(ranked(class: 1, column: 0))] }
    let classes = 0..<task.width
    switch averaging {
    case .none: return classes.map { measure(ranked(class: $0, column: $0)) }
    case .macro:
      let values = classes.compactMap { measure(ranked(class: $0, column: $0)) }
      return [values.count == task.width ? mean(values) : nil]
    case .micro: return [measure(allDecisions)]
    case .weighted:
      let weights = classes.map(weight(ofClass:))
      // A class without targets weighs nothing and is not asked for its curve.
      let present = classes.filter { weights[$0] != 0 }
      let values = present.compactMap { measure(ranked(class: $0, column: $0)) }
      guard !present.isEmpty, values.count == present.count else { return [nil] }
      return [mean(values, weights: present.map { weights[$0] })]
    }
  }

  /// One class against another over the rows of these two, both ways, for every pair of classes that are targets
  /// (Hand and Till).
  public func pairs(_ measure: (RankedScores) -> Double?) throws -> (values: [Double], prevalences: [Double])
  {
    guard isSound else { throw damagedState }
    var rows = Array(repeating: [Int](), count: task.classes)
    for (row, target) in targets.enumerated() {
      guard rows.indices.contains(target) else { throw damagedState }
      rows[target].append(row)
    }
    let present = rows.indices.filter { !rows[$0].isEmpty }
    var values: [Double] = []
    var prevalences: [Double] = []
    for (place, first) in present.enumerated() {
      for second in present[(place + 1)...] {
        let both = rows[first] + rows[second]
        guard let one = measure(ranked(both, class: first, column: first)),
          let other = measure(ranked(both, class: second, column: second))
        else { continue }
        values.append((one + other) / 2)
        prevalences.append(Double(both.count))
      }
    }
    return (values, prevalences)
  }

  private func weight(ofClass target: Int) -> Double {
    var sum = CompensatedSum()
    for row in targets.indices where targets[row] == target { sum.add(weights[row]) }
    return sum.value
  }

  private func ranked(class target: Int, column: Int) -> RankedScores {
    ranked(Array(targets.indices), class: target, column: column)
  }

  private func ranked(_ rows: [Int], class target: Int, column: Int) -> RankedScores {
    RankedScores(
      rows.map { RankedScores.Entry(scores[$0 * task.width + column], targets[$0] == target, weights[$0]) })
  }

  /// Every score of every row as a decision of its own.
  private var allDecisions: RankedScores {
    RankedScores(
      scores.indices.map { index in
        let row = index / task.width
        return RankedScores.Entry(scores[index], targets[row] == index % task.width, weights[row])
      })
  }
}

/// The mean of pairs of classes, plain or by the number of their rows.
public func average(_ pairs: (values: [Double], prevalences: [Double]), isWeighted: Bool) -> Double? {
  isWeighted ? mean(pairs.values, weights: pairs.prevalences) : mean(pairs.values)
}
