import Baselines
import Support
import Trainyard

extension Bench {
  /// Checkpoints of 784-512-512-10 with Adam in a run: what the loop waits for one, and how long one takes where each
  /// batch ends with one and so waits for the one before.
  func checkpoints() throws -> [Figure] {
    let width = size(512, smoke: 8)
    let (every, few) = isSmoke ? (5, 6) : (100, 20)
    let bytes = 3 * 4 * (784 * width + width + width * width + width + width * 10 + 10)
    let rare = try checkpointing(width, steps: 4 * every + 1, every: every)
    let dense = try checkpointing(width, steps: few, every: 1)
    var pauses: [Double] = []
    let values = try Rounds.alternate(
      rounds,
      [
        {
          let gaps = try self.gaps(rare).gaps
          // The gap after batch n, from 1, is the n-th.
          let taken = stride(from: every, through: gaps.count, by: every).map { gaps[$0 - 1] }
          pauses += taken
          return Rounds.median(taken) - Rounds.median(gaps)
        },
        { try self.gaps(dense).perBatch },
        { try self.writing(bytes) },
      ])
    return [
      Figure(
        "checkpoint-write", rounds: values[1] / values[2],
        parts: [
          ("ours_ms", Rounds.median(values[1]) * 1e3), ("bare_ms", Rounds.median(values[2]) * 1e3),
          ("mib", Double(bytes) / 1_048_576),
        ]),
      Figure(
        "checkpoint-wait", rounds: values[0].map { $0 * 1e3 },
        parts: [("longest_ms", (pauses.max() ?? .nan) * 1e3)]),
    ]
  }

  private func checkpointing(_ width: Int, steps: Int, every: Int) throws -> String {
    """
    data: {train: {dataset: synthetic, shape: blobs, classes: 10, features: 784, rows: \(16 * steps)}}
    model: {plugin: mlp, hidden: [\(width), \(width)]}
    train: {epochs: 1, batch_size: 16, prefetch: off}
    checkpoints: {every_steps: \(every)}
    output: {folder: \(folder("runs")), store: false}
    callbacks: [{plugin: \(try plugin("bench-gaps"))}]
    """
  }

  /// The same bytes in one file, written and synced as often.
  private func writing(_ bytes: Int) throws -> Double {
    let times = try (0..<size(20, smoke: 2)).map { _ in
      let seconds = baseline_write(folder("written"), bytes)
      guard seconds >= 0 else { throw TestError("the baseline cannot write") }
      return seconds
    }
    return times.reduce(0, +) / Double(times.count)
  }
}
