import Synchronization

/// Goes over rows in batches, once an epoch: in the order given, or shuffled.
///
/// The order of an epoch depends on the rows, the seed and the epoch alone, so that a run can be resumed in
/// the middle of one. Every row comes once; the last batch of an epoch can be smaller. A batch is valid until
/// the next call.
///
/// Batches are put together either on the calling thread or, ahead of it, on a thread of the loader's own
/// that lives as long as the loader. They are the same either way. While an epoch is under way nobody else
/// may read the source: call `end` when leaving early.
public final class BatchLoader {
  public enum Mode: Sendable, Equatable {
    /// `prefetch` where a batch is more work than handing it over between threads.
    case automatic
    case inline, prefetch
  }

  /// What `automatic` goes by: the bytes of a batch from which a thread of its own pays, for fields that are
  /// in memory and for fields that the source has to read.
  public static let prefetchThreshold = (inMemory: 1 << 20, read: 64 << 10)

  public let rows: [Int64]
  public let batchSize: Int
  /// In an epoch.
  public let batchCount: Int
  public let usesThread: Bool
  /// Categories met, in the batches given out so far, that the preprocessing does not know, by field.
  public var unknownCategories: [String: Int] { assembler.byField(unknown) }

  private let assembler: BatchAssembler
  private let shuffle: Bool
  private let seed: UInt64
  private let isFullBatch: Bool
  private let work: LoaderWork
  private let thread: LoaderThread?
  private var unknown: [Int]
  private var position = 0
  private var isUnderWay = false

  /// - Parameters:
  ///   - assembler: Makes batches of rows.
  ///   - rows: Those of a pass, by number.
  ///   - shuffle: Whether each epoch has an order of its own.
  ///   - mode: Whether the next batch is read while the current one is used.
  ///   - pass: What batches say they belong to.
  ///   - batchSize: `nil` gives one batch with all rows in the order given, read once (as epoch 0) and kept,
  ///     with a `dataID` that never changes.
  ///   - seed: of the order, and for sources that read at random.
  /// - Throws: `noRows`, `rowOutOfRange`, `badSetting`, `noThread`.
  public init(
    assembler: BatchAssembler, rows: [Int64], batchSize: Int?, shuffle: Bool, seed: UInt64,
    mode: Mode = .automatic, pass: Pass
  ) throws {
    guard !rows.isEmpty else {
      throw DataError(
        .noRows, "\(assembler.source.name): no rows to read", help: "check the data and how it is split")
    }
    if let batchSize, batchSize < 1 {
      throw DataError(
        .badSetting, "batch size \(batchSize): not 1 or more", help: "set 'batch_size' to 32, say")
    }
    try checkRows(rows, of: assembler.source)
    let size = min(batchSize ?? rows.count, rows.count)
    self.rows = rows
    self.batchSize = size
    self.assembler = assembler
    self.seed = seed
    self.shuffle = shuffle && batchSize != nil
    isFullBatch = batchSize == nil
    batchCount = (rows.count + size - 1) / size
    unknown = []

    let bytes = size * assembler.bytesPerRow
    let prefetches = !isFullBatch && Self.prefetches(mode, bytes, assembler, batchCount)
    usesThread = prefetches
    // Enough at a time that a hand-over does not show; two such portions and the batch in use.
    let portion = prefetches ? min(max(1, (256 << 10) / max(1, bytes)), 16, batchCount) : 1
    work = LoaderWork(
      assembler, rows: rows, batchSize: size, slots: prefetches ? min(2 * portion + 1, batchCount + 1) : 1,
      seed: seed, pass: pass)
    if isFullBatch { work.slots[0].batch.dataID = nextDataID() }
    let work = work
    thread = try prefetches ? LoaderThread(slots: work.slots.count, portion: portion, fill: work.fill) : nil
  }

  private static func prefetches(_ mode: Mode, _ bytes: Int, _ assembler: BatchAssembler, _ batches: Int)
    -> Bool
  {
    switch mode {
    case .inline: return false
    case .prefetch: return true
    case .automatic:
      let threshold = assembler.readsOnlyMemory ? prefetchThreshold.inMemory : prefetchThreshold.read
      return batches > 1 && bytes >= threshold
    }
  }

  /// Starts an epoch, at one of its batches.
  /// - Throws: `badSetting` where there is no such batch (the number just past the last is one, without
  ///   batches).
  public func begin(epoch: Int, startBatch: Int = 0) throws {
    guard startBatch >= 0, startBatch <= batchCount else {
      throw DataError(
        .badSetting, "no batch \(startBatch) to start at: an epoch has \(batchCount)",
        help: "resume with the data and the batch size that the run was started with")
    }
    end()
    work.epoch = isFullBatch ? 0 : epoch
    if shuffle { work.shuffle(rows, seed: seed, epoch: epoch) }
    position = startBatch
    isUnderWay = true
    thread?.begin(startBatch..<batchCount)
  }

  /// The next batch of the epoch, `nil` after the last.
  /// - Throws: what the source or the assembler had to say about this batch. The epoch is over then.
  public func next() throws -> Batch? {
    guard isUnderWay, position < batchCount else {
      isUnderWay = false
      return nil
    }
    let slot: BatchSlot
    do {
      slot = try work.slots[thread.map { try $0.next() } ?? fillInline()]
    } catch {
      end()
      throw error
    }
    slot.batch.endsPass = position == batchCount - 1
    position += 1
    slot.addUnknown(to: &unknown)
    return slot.batch
  }

  /// Leaves the epoch. When it returns, the source is not being read.
  public func end() {
    isUnderWay = false
    thread?.cancel()
  }

  private func fillInline() throws -> Int {
    if !isFullBatch || !work.slots[0].isFilled { try work.fill(slot: 0, item: position) }
    if shuffle { work.announce(item: position + 1) }
    return 0
  }
}

private let lastDataID = Atomic<UInt64>(0)

/// Never 0, and never the same twice in a process.
private func nextDataID() -> UInt64 { lastDataID.add(1, ordering: .relaxed).newValue }
