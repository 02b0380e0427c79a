import Testing

@testable import Training

/// Reads through `read` only, and remembers how: which thread-unsafe overlap there was, what was asked for, and
/// where it is told to fail.
final class StreamingSource: DataSource, @unchecked Sendable {
  let inner: MemorySource
  var failingRow: Int64?
  private(set) var epochs: Set<Int> = []
  private(set) var reads = 0
  private(set) var overlaps = 0
  private var isReading = false

  init(_ columns: [MemorySource.Column]) throws {
    inner = try MemorySource(columns, name: "stream", offersViews: false)
  }

  var name: String { inner.name }
  var rowCount: Int { inner.rowCount }
  var fields: [DataField] { inner.fields }
  func whole(_ field: Int) -> Tensor? { nil }

  func read(_ rows: UnsafeBufferPointer<Int64>, seed: UInt64, epoch: Int, into outputs: [Tensor?]) throws {
    if isReading { overlaps += 1 }
    isReading = true
    defer { isReading = false }
    reads += 1
    epochs.insert(epoch)
    if let failingRow, rows.contains(failingRow) {
      throw DataError(.inconsistent, "row \(failingRow) cannot be read", help: "")
    }
    try inner.read(rows, seed: seed, epoch: epoch, into: outputs)
  }
}

/// What a batch holds, for comparisons.
struct Contents: Equatable {
  var rows: Int
  var features: [Float]
  var target: [Double]
  var weight: [Float]

  init(_ batch: Batch) {
    rows = batch.rows
    features = Array(batch.features.floats)
    target = batch.target.map { tensor in (0..<tensor.count).map(tensor.value(at:)) } ?? []
    weight = batch.weight.map { Array($0.floats) } ?? []
  }
}

extension BatchLoader {
  func contents(epoch: Int, startBatch: Int = 0) throws -> [Contents] {
    try begin(epoch: epoch, startBatch: startBatch)
    var result: [Contents] = []
    while let batch = try next() { result.append(Contents(batch)) }
    return result
  }
}

extension MemorySource.Column {
  /// A feature that is its row's number.
  static func rowNumbers(_ count: Int) -> MemorySource.Column {
    .floats("x", (0..<count).map { Float($0) })
  }
}

extension DataSource {
  var allRows: [Int64] { (0..<rowCount).map(Int64.init) }

  /// All rows as one batch, preprocessed as fitted on `training`.
  func batch(
    _ settings: Preprocessing = Preprocessing(), task: TargetPlan.Setting = .auto, training: [Int64]? = nil,
    classWeights: ClassWeights = .none
  ) throws -> Contents {
    let plan = try TargetPlan.infer(task, source: self)
    let fitted = try FittedPreprocessing.fit(settings, source: self, rows: training ?? allRows, target: plan)
    let factors = try plan.map { try classWeights.factors($0, source: self, rows: training ?? allRows) }
    let assembler = try BatchAssembler(
      source: self, preprocessing: fitted, readsTarget: plan != nil, classWeights: factors ?? [])
    return try assembler.all(allRows)
  }
}

extension BatchAssembler {
  func all(_ rows: [Int64]) throws -> Contents {
    let loader = try BatchLoader(
      assembler: self, rows: rows, batchSize: nil, shuffle: false, seed: 0, pass: .evaluate)
    try loader.begin(epoch: 0)
    return Contents(try #require(try loader.next()))
  }
}

/// The data error that `body` throws.
func dataError(_ body: () throws -> Void) -> DataError? {
  do { try body() } catch { return error as? DataError }
  return nil
}
