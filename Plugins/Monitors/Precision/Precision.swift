import MonitorCore
import PluginKit

/// Hits over predictions of a class: of all that was called so, how much is.
final class Precision: Monitor {
  static let about = About(
    id: "precision", version: "0.1.0", summary: "The share of predictions of a class that are right.")

  @Option("How classes become one value; none: a metric for each class. auto: binary or macro.")
  var average = Averaging.auto

  @Option("A binary prediction above this is class 1.", range: "[0, 1]")
  var threshold = 0.5

  @Option("The value where it would be 0/0.", range: "[0, 1]")
  var zeroDivision = 0.0

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  var progress = ClassCounts()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) {
    if average != .none { metrics.declare(host, .max) }
  }

  func reset() { progress = ClassCounts() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    let measured = try MeasuredTask(task, for: Self.about.id, serves: [.binary, .classes])
    _ = try average.resolved(for: measured, monitor: Self.about.id)
    progress.prepare(measured)
    if average == .none { metrics.declare(host, .max, parts: MeasuredTask.partNames(task)) }
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    try progress.add(try reader.read(batch, prediction, progress.task), threshold: threshold)
  }

  func compute(_ host: Host) throws {
    let averaging = try average.resolved(for: progress.task, monitor: Self.about.id)
    let values = progress.ratios(averaging, undefined: zeroDivision) { ($0.hits, $0.predicted) }
    metrics.publish(host, values)
  }

  func merge(_ other: Precision) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(Precision.self, to: args, license: "Apache-2.0")
}
