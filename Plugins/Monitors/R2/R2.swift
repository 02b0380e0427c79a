import MonitorCore
import PluginKit

/// The coefficient of determination: 1 − Σw(y−ŷ)² / Σw(y−ȳ)². 1 is perfect, 0 as good as the mean.
final class R2: Monitor {
  static let about = About(
    id: "r2", version: "0.1.0", summary: "The share of the variance that is explained, bias included.")

  @Option("How several outputs become one value; raw_values: a metric for each output.")
  var multioutput = VarianceMultioutput.uniformAverage

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  var progress = OutputMoments()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) {
    if multioutput != .rawValues { metrics.declare(host, .max) }
  }

  func reset() { progress = OutputMoments() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.regression]))
    if multioutput == .rawValues { metrics.declare(host, .max, parts: MeasuredTask.partNames(task)) }
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    try progress.add(try reader.read(batch, prediction, progress.task))
  }

  func compute(_ host: Host) { metrics.publish(host, progress.r2(multioutput)) }

  func merge(_ other: R2) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(R2.self, to: args, license: "Apache-2.0")
}
