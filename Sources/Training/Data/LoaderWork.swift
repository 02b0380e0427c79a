/// Puts the batches of an epoch together: what the loader's thread does, or the loop's own where there is
/// none. Used by one thread at a time; `LoaderThread` sees to the hand-over.
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
    try withRows(of: item) { try assembler.fill(slots[slot], rows: $0, seed: seed, epoch: epoch) }
  }

  /// Batch `item` comes next. There may be none.
  func announce(item: Int) { withRows(of: item) { if !$0.isEmpty { assembler.announce($0) } } }

  @inline(__always)
  private func withRows(of item: Int, _ body: (UnsafeBufferPointer<Int64>) throws -> Void) rethrows {
    try order.withUnsafeBufferPointer { order in
      let start = min(order.count, item * batchSize)
      let end = min(order.count, start + batchSize)
      try body(UnsafeBufferPointer(rebasing: order[start..<end]))
    }
  }
}
