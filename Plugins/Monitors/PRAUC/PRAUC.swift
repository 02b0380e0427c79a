import MonitorCore
import PluginKit

/// Average precision: the area under precision over recall as a sum of steps, without interpolation.
///
/// Keeps the scores of the pass, since the order of all of them matters.
final class PRAUC: Monitor {
  static let about = About(
    id: "pr-auc", version: "0.1.0", summary: "Average precision: precision over all recalls.")

  @Option("How the classes become one value; none: a metric for each class. No use in a binary task.")
  var average = CurveAveraging.macro

  /// The task of the current run, and the rows of the pass so far. `reset()` starts a fresh one.
  var progress = ScoredRows()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) {
    if average != .none { metrics.declare(host, .max) }
  }

  func reset() { progress = ScoredRows() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.binary, .classes]))
    guard average == .none else { return }
    if task.kind == .binary {
      metrics.declare(host, .max)
    } else {
      metrics.declare(host, .max, parts: MeasuredTask.partNames(task))
    }
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    try progress.add(try reader.read(batch, prediction, progress.task))
  }

  func compute(_ host: Host) throws {
    metrics.publish(host, try progress.values(average, \.averagePrecision))
  }

  func merge(_ other: PRAUC) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(PRAUC.self, to: args, license: "Apache-2.0")
}
