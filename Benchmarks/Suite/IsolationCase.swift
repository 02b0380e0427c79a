import Support
import Trainyard

extension Bench {
  /// A callback that does nothing, in a helper process: what it adds to a batch.
  func isolation() throws -> [Figure] {
    let batches = size(20_000, smoke: 50)
    let gaps = "{plugin: \(try plugin("bench-gaps"))}"
    let noop = "{plugin: \(try plugin("bench-noop")), isolate: true}"
    let without = tiny(batches: batches, epochs: 1, callbacks: "[\(gaps)]")
    let with = tiny(batches: batches, epochs: 1, callbacks: "[\(gaps), \(noop)]")
    let values = try Rounds.alternate(
      rounds, [{ try self.gaps(with).perBatch }, { try self.gaps(without).perBatch }])
    return [
      Figure(
        "isolation", rounds: (values[0] - values[1]).map { $0 * 1e6 },
        parts: [("with_us", Rounds.median(values[0]) * 1e6), ("without_us", Rounds.median(values[1]) * 1e6)])
    ]
  }
}
