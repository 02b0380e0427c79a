import Support
import Trainyard

extension Bench {
  /// Memory of the whole program, as its own bench-meter sees it.
  func memory() throws -> [Figure] {
    try [allocations(), flat()] + (FashionMNIST.isThere ? [peak()] : [])
  }

  /// Between two batches of steady state, on all threads. Both ways of reading ahead, and what runs in every batch.
  private func allocations() throws -> Figure {
    // Windows that callbacks keep are full by then.
    let (first, second) = (100, 1100)
    var counts: [(String, Double)] = []
    for prefetch in ["off", "on"] {
      let pipeline = try steadyPipeline(prefetch: prefetch, batches: second + 20)
      let marks = try meter(pipeline, at: [first, second], counting: true).marks
      guard marks.count == 2 else { throw TestError("bench-meter saw \(marks.count) of 2 batches") }
      counts.append((prefetch, (marks[1].allocations - marks[0].allocations) * 1000 / Double(second - first)))
    }
    return Figure("allocations", counts.reduce(0) { $0 + $1.1 }, parts: counts)
  }

  /// mlp, accuracy and the built-in callbacks that run in every batch and write nothing.
  private func steadyPipeline(prefetch: String, batches: Int) throws -> String {
    """
    data: {train: {dataset: synthetic, shape: blobs, classes: 3, features: 4, rows: \(32 * batches)}}
    model: {plugin: mlp, hidden: [8]}
    train: {epochs: 1, batch_size: 32, prefetch: \(prefetch)}
    output: {store: false}  # it is opened beside the first batches
    monitors: [accuracy]
    callbacks: [\(Self.perBatchCallbacks.joined(separator: ", ")), {plugin: \(try plugin("bench-meter"))}]
    """
  }

  static let perBatchCallbacks = [
    "{plugin: early-stopping, monitor: loss}", "{plugin: csv-logger}", "{plugin: terminate-on-nan}",
    "{plugin: spike-detection}", "{plugin: throughput-monitor}", "{plugin: timer, duration: 1h}",
    "{plugin: ema-weights}",
    "{plugin: learning-rate-scheduler, schedule: cosine-decay, interval: step, parameters: {decay_steps: 100000}}",
  ]

  private func flat() throws -> Figure {
    let (first, second) = isSmoke ? (200, 2000) : (100_000, 1_000_000)
    let epochs = 20
    let rows = 32 * second / epochs
    let pipeline = """
      data: {train: {dataset: synthetic, shape: linear, features: 4, rows: \(rows)}}
      model: {plugin: mlp, hidden: [8], optimizer: sgd}
      train: {epochs: \(epochs), batch_size: 32}
      callbacks: [{plugin: csv-logger}, {plugin: \(try plugin("bench-meter"))}]
      """
    let marks = try meter(pipeline, at: [first, second]).marks
    guard marks.count == 2 else { throw TestError("bench-meter saw \(marks.count) of 2 batches") }
    return Figure(
      "memory-flat", marks[1].resident - marks[0].resident,
      parts: [("resident_mib", marks[1].resident / 1024)])
  }

  private func peak() throws -> Figure {
    let limit = isSmoke ? 1000 : nil
    let pipeline = """
      data:
        train: \(FashionMNIST.dataset("train", limit: limit))
        validation: \(FashionMNIST.dataset("t10k", limit: limit))
        scale: 255
      model: {plugin: mlp, hidden: [512, 512]}
      train: {epochs: 1, batch_size: 256, max_steps: 100}
      monitors: [accuracy]
      callbacks: [{plugin: csv-logger}, {plugin: \(try plugin("bench-meter"))}]
      """
    let mib = Double(1 << 20)
    let weights = Double(784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10) * 4 / mib
    let rows = Double(limit ?? 60_000) + Double(limit ?? 10_000)
    let data = rows * 785 / mib
    // Weights, and the two moments of Adam.
    let allowed = data + 3 * (3 * weights) + 32
    let peak = try meter(pipeline).peak / 1024
    return Figure("memory-peak", peak / allowed, parts: [("peak_mib", peak), ("allowed_mib", allowed)])
  }
}
