/// The folds of a source's rows: each divides them into those to train on and those that are held out. Sizes and order
/// are scikit-learn's; where rows are shuffled, the order is ours.
public struct Folds: Sendable {
  public let settings: FoldSettings
  /// Of all repeats together.
  public let count: Int
  /// What is odd about them and does not stand in their way.
  public private(set) var warnings: [String] = []
  private let division: Division

  private enum Division: Sendable {
    /// For each repeat, the fold in which each row is held out.
    case assigned([[Int64]])
    case series(TimeSeriesSplit, order: [Int64])
  }

  /// What the rows of a source are told apart by, each a number for every row.
  public struct Labels: Sendable {
    public var classes: [Int32]?
    public var classNames: [String] = []
    /// From 0, in the order of the groups' values.
    public var groups: [Int32]?
    public var times: [Double]?

    public init() {}
  }

  /// - Throws: `badSetting`, `noRows`, with what was asked for and what there is.
  public init(_ settings: FoldSettings, rowCount: Int, labels: Labels = Labels()) throws {
    self.settings = settings
    try Self.check(settings)
    switch settings.strategy {
    case .timeSeries:
      let split = try TimeSeriesSplit(settings, rowCount: rowCount)
      division = .series(split, order: Self.order(rowCount, by: labels.times))
      count = settings.folds
    case .leaveOneOut:
      let folds = labels.groups.map { $0.map { Int64($0) } } ?? (0..<Int64(max(0, rowCount))).map { $0 }
      let (things, found) = labels.groups == nil ? ("rows", rowCount) : ("groups", Self.groupCount(folds))
      guard found >= 2 else {
        throw DataError(
          .noRows, "leave-one-out of \(found) \(things): nothing is left to train on",
          help: "it needs 2 \(things) at least")
      }
      division = .assigned([folds])
      count = found
    case .kFold:
      var repeats: [[Int64]] = []
      for number in 0..<settings.repeats {
        var stream = RandomStream(seed: settings.seed, name: "folds", number: UInt64(number))
        repeats.append(try Self.assign(settings, rowCount, labels, &stream))
      }
      division = .assigned(repeats)
      count = settings.folds * settings.repeats
      if settings.stratify, let classes = labels.classes {
        warnings = Stratification.warnings(classes, names: labels.classNames, folds: settings.folds)
      }
    }
  }

  private static func assign(
    _ settings: FoldSettings, _ rowCount: Int, _ labels: Labels, _ stream: inout RandomStream
  ) throws -> [Int64] {
    let folds = settings.folds
    guard folds <= rowCount else {
      throw DataError(
        .badSetting, "\(folds) folds of \(rowCount) rows: each needs a row to validate on",
        help: "set 'cross_validation.folds' to \(max(2, rowCount)) at most")
    }
    switch (settings.stratify ? labels.classes : nil, labels.groups) {
    case (nil, nil): return RowFolds.assign(rowCount, folds, settings.shuffle, &stream)
    case (let classes?, nil): return try Stratification.assign(classes, folds, settings.shuffle, &stream)
    case (nil, let groups?): return try GroupFolds.assign(groups, folds, settings.shuffle, &stream)
    case (let classes?, let groups?):
      return try StratifiedGroupFolds.assign(classes, groups, folds, settings.shuffle, &stream)
    }
  }

  private static func check(_ settings: FoldSettings) throws {
    guard settings.folds >= 2 || settings.strategy == .leaveOneOut else {
      throw DataError(
        .badSetting, "\(settings.folds) folds: fewer than 2", help: "set 'cross_validation.folds' to 5, say")
    }
    guard settings.repeats >= 1, settings.repeats == 1 || settings.shuffle && settings.strategy == .kFold
    else {
      throw DataError(
        .badSetting, "\(settings.repeats) repeats that would all be the same",
        help: "repeat k-fold with 'shuffle: true', or leave 'repeats' out")
    }
  }

  private static func groupCount(_ groups: [Int64]) -> Int { Int((groups.max() ?? -1) + 1) }

  private static func order(_ rowCount: Int, by times: [Double]?) -> [Int64] {
    let rows = (0..<Int64(max(0, rowCount))).map { $0 }
    guard let times else { return rows }
    return rows.sorted { (times[Int($0)], $0) < (times[Int($1)], $1) }
  }

  // MARK: One fold

  /// The fold of a number in `0..<count`; those of a repeat stand together.
  public subscript(number: Int) -> Fold {
    switch division {
    case .series(let split, let order): return split.fold(number, order)
    case .assigned(let repeats):
      let (turn, own) = place(of: number)
      var fold = Fold(training: [], validation: [])
      for (row, held) in repeats[turn].enumerated() {
        if held == own { fold.validation.append(Int64(row)) } else { fold.training.append(Int64(row)) }
      }
      return fold
    }
  }

  /// Folds in each repeat.
  public var countInRepeat: Int { count / max(1, settings.repeats) }

  /// Its repeat and its number there, both from 0.
  public func place(of number: Int) -> (repeat: Int, fold: Int) {
    let each = max(1, countInRepeat)
    return (number / each, number % each)
  }
}
