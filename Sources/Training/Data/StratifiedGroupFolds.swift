/// Folds that keep groups together and the classes' shares as near to each other as that allows, as scikit-learn's
/// StratifiedGroupKFold has them: the groups whose classes are spread most unevenly first, each into the fold where the
/// shares then differ least.
enum StratifiedGroupFolds {
  /// The fold in which each row is held out.
  static func assign(
    _ classes: [Int32], _ groups: [Int32], _ folds: Int, _ shuffle: Bool, _ stream: inout RandomStream
  ) throws -> [Int64] {
    let groupCount = try GroupFolds.sizes(of: groups, folds).count
    let labels = Set(classes).sorted()
    let number = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    var total = [Double](repeating: 0, count: labels.count)
    var perGroup = [[Double]](repeating: total, count: groupCount)
    for (label, group) in zip(classes, groups) {
      let own = number[label] ?? 0
      total[own] += 1
      perGroup[Int(group)][own] += 1
    }
    try Stratification.requireOneOfEnough(total.map { Int($0) }, folds)

    var order = (0..<Int64(groupCount)).map { $0 }
    if shuffle { stream.shuffle(&order) }
    let spread = perGroup.map(deviation)
    // Those of equal spread stay in their order.
    let sorted = order.enumerated().sorted {
      (-spread[Int($0.element)], $0.offset) < (-spread[Int($1.element)], $1.offset)
    }.map { Int($0.element) }
    var perFold = [[Double]](repeating: [Double](repeating: 0, count: labels.count), count: folds)
    var foldOfGroup = [Int64](repeating: 0, count: groupCount)
    for group in sorted {
      let fold = best(for: perGroup[group], perFold, total)
      for label in labels.indices { perFold[fold][label] += perGroup[group][label] }
      foldOfGroup[group] = Int64(fold)
    }
    return groups.map { foldOfGroup[Int($0)] }
  }

  /// Where the classes' shares then differ least over the folds; of equals, the fold with the fewest rows.
  private static func best(for group: [Double], _ perFold: [[Double]], _ total: [Double]) -> Int {
    var best = 0
    var least = Double.infinity
    var fewest = Double.infinity
    for fold in perFold.indices {
      let spreads = group.indices.map { label in
        deviation(
          perFold.indices.map { other in
            (perFold[other][label] + (other == fold ? group[label] : 0)) / total[label]
          })
      }
      let value = spreads.reduce(0, +) / Double(max(1, spreads.count))
      let rows = perFold[fold].reduce(0, +)
      // As near as NumPy's isclose has it.
      let isEqual = least.isFinite && abs(value - least) <= 1e-8 + 1e-5 * abs(least)
      if value < least || isEqual && rows < fewest { (best, least, fewest) = (fold, value, rows) }
    }
    return best
  }

  /// Of a population.
  private static func deviation(_ values: [Double]) -> Double {
    let count = Double(max(1, values.count))
    let mean = values.reduce(0, +) / count
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
  }
}
