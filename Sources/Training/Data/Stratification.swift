/// Folds in which each class has its share, as scikit-learn's StratifiedKFold has them: rows sorted by class are dealt
/// out like cards, which says how many of each class a fold gets; each class then fills the folds in turn.
enum Stratification {
  /// The fold in which each row is held out.
  static func assign(
    _ classes: [Int32], _ folds: Int, _ shuffle: Bool, _ stream: inout RandomStream
  ) throws -> [Int64] {
    // Numbered by first appearance, so that the names of classes change nothing.
    var numbers: [Int32: Int] = [:]
    let encoded = classes.map { label in
      numbers[label]
        ?? {
          numbers[label] = numbers.count
          return numbers.count - 1
        }()
    }
    var rows = [[Int]](repeating: [], count: numbers.count)
    for (row, number) in encoded.enumerated() { rows[number].append(row) }
    try requireOneOfEnough(rows.map(\.count), folds)
    var shares = [[Int]](repeating: [Int](repeating: 0, count: folds), count: rows.count)
    var position = 0
    for (number, members) in rows.enumerated() {
      for _ in members {
        shares[number][position % folds] += 1
        position += 1
      }
    }
    var result = [Int64](repeating: 0, count: classes.count)
    for (members, share) in zip(rows, shares) {
      var held = share.enumerated().flatMap { [Int64](repeating: Int64($0.offset), count: $0.element) }
      if shuffle { stream.shuffle(&held) }
      for (row, fold) in zip(members, held) { result[row] = fold }
    }
    return result
  }

  static func requireOneOfEnough(_ counts: [Int], _ folds: Int) throws {
    guard let largest = counts.max(), largest < folds else { return }
    throw DataError(
      .badSetting, "\(folds) stratified folds, and the largest class has \(largest) rows",
      help: "set 'cross_validation.folds' to \(max(2, largest)) at most, or leave 'stratify' out")
  }

  /// Of the classes that some folds have to do without.
  static func warnings(_ classes: [Int32], names: [String], folds: Int) -> [String] {
    var counts: [Int32: Int] = [:]
    for label in classes { counts[label, default: 0] += 1 }
    return counts.filter { $0.value < folds }.sorted { $0.key < $1.key }.map { label, count in
      let name = names.indices.contains(Int(label)) ? names[Int(label)] : "\(label)"
      let rows = count == 1 ? "1 row" : "\(count) rows"
      return
        "the class '\(name)' has \(rows), and there are \(folds) folds: \(folds - count) of them hold out none of it"
    }
  }
}
