/// Folds that keep the rows of a group together, as scikit-learn's GroupKFold has them: the largest groups first, each
/// into the fold that has the fewest rows; or, shuffled, groups in a random order in parts of as many groups.
enum GroupFolds {
  /// The fold in which each row is held out.
  static func assign(
    _ groups: [Int32], _ folds: Int, _ shuffle: Bool, _ stream: inout RandomStream
  ) throws -> [Int64] {
    let counts = try sizes(of: groups, folds)
    let foldOfGroup =
      shuffle ? RowFolds.assign(counts.count, folds, true, &stream) : balanced(counts, folds)
    return groups.map { foldOfGroup[Int($0)] }
  }

  private static func balanced(_ counts: [Int], _ folds: Int) -> [Int64] {
    let ascending = counts.indices.sorted { (counts[$0], $0) < (counts[$1], $1) }
    var rows = [Int](repeating: 0, count: folds)
    var result = [Int64](repeating: 0, count: counts.count)
    for group in ascending.reversed() {
      let lightest = rows.indices.min { (rows[$0], $0) < (rows[$1], $1) } ?? 0
      rows[lightest] += counts[group]
      result[group] = Int64(lightest)
    }
    return result
  }

  /// Rows of each group.
  static func sizes(of groups: [Int32], _ folds: Int) throws -> [Int] {
    var counts = [Int](repeating: 0, count: Int((groups.max() ?? -1) + 1))
    for group in groups { counts[Int(group)] += 1 }
    guard folds <= counts.count else {
      throw DataError(
        .badSetting, "\(folds) folds of \(counts.count) groups: each needs a group to validate on",
        help: "set 'cross_validation.folds' to \(max(2, counts.count)) at most")
    }
    return counts
  }
}
