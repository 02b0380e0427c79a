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

/// Puts the batches of an epoch together: what the loader's thread does, or the loop's own where there is none.
/// Used by one thread at a time; `LoaderThread` sees to the hand-over.
final class LoaderWork: @unchecked Sendable {
  let slots: [BatchSlot]
  var epoch = 0

  private let assembler: BatchAssembler
  private let batchSize: Int
  private let seed: UInt64
  private var order: [Int64]

  init(
    _ assembler: BatchAssembler, rows: [Int64], batchSize: Int, slots count: Int, seed: UInt64, pass: Pass
  ) {
    self.assembler = assembler
    self.batchSize = batchSize
    self.seed = seed
    order = rows
    assembler.reserve(rows: batchSize)
    slots = (0..<count).map { _ in
      let slot = assembler.makeSlot(rows: batchSize)
      slot.batch.pass = pass
      return slot
    }
  }

  /// From the order given, not from the last epoch's.
  func shuffle(_ rows: [Int64], seed: UInt64, epoch: Int) {
    var random = RandomStream(seed: seed, name: "shuffle", number: UInt64(bitPattern: Int64(epoch)))
    order.withUnsafeMutableBufferPointer { order in
      rows.withUnsafeBufferPointer { _ = order.update(from: $0) }
      random.shuffle(order)
    }
  }

  /// Puts batch `item` of the epoch into a slot.
  func fill(slot: Int, item: Int) throws {
    let start = item * batchSize
    let end = min(order.count, start + batchSize)
    try order.withUnsafeBufferPointer { order in
      try assembler.fill(
        slots[slot], rows: UnsafeBufferPointer(rebasing: order[start..<end]), seed: seed, epoch: epoch)
    }
  }
}
