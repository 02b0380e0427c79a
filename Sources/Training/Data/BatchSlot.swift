/// A batch with its memory, filled over and over.
final class BatchSlot {
  let batch = Batch()
  /// Holds a batch now. A failed fill leaves it false.
  var isFilled = false
  /// Unknown categories in the batch, for each feature.
  var unknown: [Int]

  private let capacity: Int
  private let full: Parts
  /// The same, cut to the last batch of a pass.
  private var cut: Parts?

  struct Parts {
    var features: Tensor
    var target, weight, group: Tensor?

    func prefix(rows: Int) -> Parts {
      Parts(
        features: features.prefix(rows: rows), target: target?.prefix(rows: rows),
        weight: weight?.prefix(rows: rows), group: group?.prefix(rows: rows))
    }
  }

  init(_ full: Parts, capacity: Int, features: Int) {
    self.full = full
    self.capacity = capacity
    unknown = Array(repeating: 0, count: features)
  }

  /// Tensors of `rows` rows, put into the batch.
  func prepare(rows: Int) -> Parts {
    isFilled = false
    for index in unknown.indices { unknown[index] = 0 }
    let parts = rows == capacity ? full : part(rows: rows)
    batch.rows = rows
    batch.features = parts.features
    batch.target = parts.target
    batch.weight = parts.weight
    batch.group = parts.group
    return parts
  }

  func addUnknown(to totals: inout [Int]) {
    if totals.isEmpty { totals = Array(repeating: 0, count: unknown.count) }
    for index in unknown.indices { totals[index] += unknown[index] }
  }

  private func part(rows: Int) -> Parts {
    if let cut, cut.features.rows == rows { return cut }
    let parts = full.prefix(rows: rows)
    cut = parts
    return parts
  }
}
