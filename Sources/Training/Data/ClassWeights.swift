/// What each class counts in the training loss.
public enum ClassWeights: Sendable, Equatable {
  case none
  /// `n / (k · count)` over the rows trained on, k being the number of classes that occur among them: what
  /// scikit-learn gives for 'balanced'.
  case balanced
  /// By class name; a class that is not named counts 1.
  case table([String: Double])

  /// A factor for each class, for `BatchAssembler`; empty for `none`.
  /// - Parameters:
  ///   - plan: What the classes are.
  ///   - source: Where rows are read.
  ///   - rows: Those trained on.
  /// - Throws: `badSetting` for a task without classes, `unknownLabel` for a name that is no class's,
  ///   `badWeight`.
  public func factors(_ plan: TargetPlan, source: any DataSource, rows: [Int64]) throws -> [Double] {
    if self == .none { return [] }
    guard plan.hasClasses else {
      throw DataError(
        .badSetting, "class weights, and the task is \(plan.task.name)",
        help: "weights for rows come from a field with the role 'weight'")
    }
    switch self {
    case .none: return []
    case .balanced: return balanced(try plan.classes(of: rows, in: source), plan.classNames.count)
    case .table(let table): return try factors(table, plan.classNames)
    }
  }

  private func balanced(_ classes: [Int32], _ classCount: Int) -> [Double] {
    var counts = Array(repeating: 0.0, count: classCount)
    for number in classes { counts[Int(number)] += 1 }
    let occurring = Double(counts.count { $0 > 0 })
    return counts.map { $0 > 0 ? Double(classes.count) / (occurring * $0) : 1 }
  }

  private func factors(_ table: [String: Double], _ names: [String]) throws -> [Double] {
    for (name, weight) in table.sorted(by: { $0.key < $1.key }) {
      guard names.contains(name) else {
        throw DataError(
          .unknownLabel, "class weight for '\(name)', which is no class",
          help: "the classes are: \(names.joined(separator: ", "))")
      }
      guard weight >= 0, weight.isFinite else {
        throw DataError(
          .badWeight, "class weight \(weight) for '\(name)'", help: "weights are finite numbers, 0 or more")
      }
    }
    return names.map { table[$0] ?? 1 }
  }
}
