/// Divides rows into those to train on and those to validate on.
public struct Splitter: Sendable {
  /// The validation part's share of the rows, between 0 and 1.
  public var fraction: Double
  public var seed: UInt64
  /// Each class has its share in both parts.
  public var stratify: Bool

  public init(fraction: Double, seed: UInt64, stratify: Bool = false) {
    self.fraction = fraction
    self.seed = seed
    self.stratify = stratify
  }

  /// Both in ascending order.
  public struct Split: Sendable, Equatable {
    public var training: [Int64]
    public var validation: [Int64]
  }

  /// Splits the rows `0..<rowCount`; `classes` holds a class number for each and is needed to stratify.
  ///
  /// The validation part has `rowCount · fraction` rows, rounded to the nearest (a half: up). To stratify,
  /// each class gives the whole part of its own share, and the rows that then are wanting come one each from
  /// the classes with the largest remainders (among equals, the lower number). A class always keeps a row to
  /// train on, so that one of a single row is not validated, and the validation part can be smaller than
  /// asked.
  /// - Throws: `noRows` where a part would be empty; `badSetting`.
  public func split(rowCount: Int, classes: [Int32]? = nil) throws -> Split {
    guard fraction > 0, fraction < 1 else {
      throw DataError(
        .badSetting, "validation fraction \(fraction): not between 0 and 1", help: "0.1 validates on a tenth")
    }
    let wanted = Int((Double(rowCount) * fraction).rounded(.toNearestOrAwayFromZero))
    let groups = try stratify ? byClass(classes, rowCount) : [(0..<max(0, rowCount)).map(Int64.init)]
    let sizes = stratify ? shares(of: groups.map(\.count), wanted) : [wanted]

    var random = RandomStream(seed: seed, name: "split")
    var split = Split(training: [], validation: [])
    for (group, size) in zip(groups, sizes) {
      var rows = group
      random.shuffle(&rows)
      split.validation += rows.prefix(size)
      split.training += rows.dropFirst(size)
    }
    split.training.sort()
    split.validation.sort()
    try check(split, rowCount)
    return split
  }

  private func byClass(_ classes: [Int32]?, _ rowCount: Int) throws -> [[Int64]] {
    guard let classes, classes.count == rowCount else {
      throw DataError(
        .badSetting,
        "stratify needs a class for each row, and there are \(classes?.count ?? 0) for \(rowCount) rows",
        help: "stratify a split only where the target is made of classes")
    }
    var rows: [Int32: [Int64]] = [:]
    for (row, number) in classes.enumerated() { rows[number, default: []].append(Int64(row)) }
    return rows.sorted { $0.key < $1.key }.map(\.value)
  }

  private func shares(of counts: [Int], _ wanted: Int) -> [Int] {
    // 0.29 · 100 is 28.999…: what is this near to a whole number was meant to be one.
    let exact = counts.map { Double($0) * fraction + 1e-9 }
    var sizes = zip(counts, exact).map { min(Int($1), max(0, $0 - 1)) }
    let remainders = exact.map { $0 - $0.rounded(.down) }
    let order = counts.indices.sorted { (remainders[$0], $1) > (remainders[$1], $0) }
    var left = wanted - sizes.reduce(0, +)
    for index in order where left > 0 && sizes[index] < counts[index] - 1 {
      sizes[index] += 1
      left -= 1
    }
    return sizes
  }

  private func check(_ split: Split, _ rowCount: Int) throws {
    for (side, rows) in [("train", split.training), ("validate", split.validation)] where rows.isEmpty {
      throw DataError(
        .noRows,
        """
        \(rowCount) rows with a validation fraction of \(fraction) leave no row to \(side) on \
        (\(split.training.count) for training, \(split.validation.count) for validation)
        """,
        help: rowCount < 2 ? "add rows, or validation data of their own" : "choose another fraction")
    }
  }
}
