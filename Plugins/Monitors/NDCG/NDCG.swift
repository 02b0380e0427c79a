import Glibc
import MonitorCore
import PluginKit

/// Normalized discounted cumulative gain: how much of the best possible order of each group the scores reach, from
/// 0 to 1.
///
/// Keeps the rows of the pass, since a group may be spread over batches.
final class NDCG: Monitor {
  static let about = About(
    id: "ndcg", version: "0.1.0", summary: "How close the order of each group is to the best one.")

  enum Gain: String, OptionChoice { case linear, exponential }

  @Option("Places that count, from the top; without a value all.", range: "[1, )")
  var k: Int?

  @Option("What a target is worth. linear: itself. exponential: 2 to its power, less 1.")
  var gain = Gain.linear

  /// The task of the current run, and the rows of the pass so far. `reset()` starts a fresh one.
  var progress = RankedGroups()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) { metrics.declare(host, .max) }

  func reset() { progress = RankedGroups() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.ranking]))
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    let examples = try reader.read(batch, prediction, progress.task)
    let isLinear = gain == .linear
    try progress.add(examples, batch.group) { isLinear ? $0 : exp2($0) - 1 }
  }

  func compute(_ host: Host) throws { metrics.publish(host, try progress.normalizedGain(at: k)) }

  func merge(_ other: NDCG) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(NDCG.self, to: args, license: "Apache-2.0")
}
