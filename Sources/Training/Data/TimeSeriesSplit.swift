/// Folds of rows in the order of time: each trains on what came before, and validates on what follows it, as
/// scikit-learn's TimeSeriesSplit has them.
struct TimeSeriesSplit: Sendable {
  private let rowCount, folds, size, gap: Int
  private let most: Int?

  init(_ settings: FoldSettings, rowCount: Int) throws {
    self.rowCount = rowCount
    folds = settings.folds
    gap = settings.gap
    most = settings.maxTrainSize
    // More folds than rows are refused below; one more than those must not overflow here.
    size = settings.testSize ?? (folds < rowCount ? rowCount / (folds + 1) : 0)
    let (held, overflow) = size.multipliedReportingOverflow(by: folds)
    guard folds < rowCount, size > 0, !overflow, gap >= 0, gap < rowCount, rowCount - gap - held > 0 else {
      let each = settings.testSize.map { " of \($0) rows each" } ?? ""
      let apart = gap > 0 ? " and a gap of \(gap)" : ""
      throw DataError(
        .noRows, "\(folds) folds\(each)\(apart) in a series of \(rowCount) rows leave none to train on",
        help: "take fewer folds, a smaller 'test_size' or a smaller 'gap'")
    }
  }

  /// - Parameter order: The rows in the order of time.
  func fold(_ number: Int, _ order: [Int64]) -> Fold {
    let start = rowCount - (folds - number) * size
    let end = start - gap
    let first = most.map { max(0, end - $0) } ?? 0
    return Fold(training: Array(order[first..<end]), validation: Array(order[start..<start + size]))
  }
}
