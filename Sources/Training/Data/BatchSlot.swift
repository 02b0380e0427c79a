/// A batch with its memory, filled over and over.
final class BatchSlot {
  let batch = Batch()
  /// Holds a batch now. A failed fill leaves it false.
  var isFilled = false
  /// Unknown categories in the batch, for each feature.
  var unknown: [Int]

  /// The memory of `parts`, which stays where it is however many rows the batch has: to be filled without counting the
  /// owners of tensors.
  let places: Places
  private let capacity: Int
  private let full: Parts
  /// The tensors of the batch as it is now.
  private(set) var parts: Parts
  /// Rows that the batch's tensors have.
  private var prepared = -1

  struct Parts {
    var features: Tensor
    var target, weight, group: Tensor?

    func prefix(rows: Int) -> Parts {
      Parts(
        features: features.prefix(rows: rows), target: target?.prefix(rows: rows),
        weight: weight?.prefix(rows: rows), group: group?.prefix(rows: rows))
    }
  }

  struct Places {
    let features: UnsafeMutableRawPointer
    let target: UnsafeMutableRawPointer?
  }

  init(_ full: Parts, capacity: Int, features: Int) {
    self.full = full
    places = Places(features: full.features.base, target: full.target?.base)
    parts = full
    self.capacity = capacity
    unknown = Array(repeating: 0, count: features)
  }

  /// Tensors of `rows` rows, put into the batch; where those of the last time fit, there is nothing to do.
  func prepare(rows: Int) {
    isFilled = false
    for index in unknown.indices { unknown[index] = 0 }
    guard rows != prepared else { return }
    prepared = rows
    parts = rows == capacity ? full : full.prefix(rows: rows)
    batch.rows = rows
    batch.features = parts.features
    batch.target = parts.target
    batch.weight = parts.weight
    batch.group = parts.group
  }

  func addUnknown(to totals: inout [Int]) {
    if totals.isEmpty { totals = Array(repeating: 0, count: unknown.count) }
    for index in unknown.indices { totals[index] += unknown[index] }
  }
}
