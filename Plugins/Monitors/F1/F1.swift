import MonitorCore
import PluginKit

/// The harmonic mean of precision and recall, where `beta` above 1 gives recall more weight.
final class F1: Monitor {
  static let about = About(
    id: "f1", version: "0.1.0", summary: "The harmonic mean of precision and recall.")

  @Option("How much more recall counts than precision.", range: "(0, )")
  var beta = 1.0

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
    let square = beta * beta
    let values = progress.ratios(averaging, undefined: zeroDivision) { tally in
      ((1 + square) * tally.hits, square * tally.actual + tally.predicted)
    }
    metrics.publish(host, values)
  }

  func merge(_ other: F1) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(F1.self, to: args, license: "Apache-2.0")
}
