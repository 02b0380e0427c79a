import MonitorCore
import PluginKit

/// The mean of (y − ŷ)², weighted where rows have weights.
final class MeanSquaredError: Monitor {
  static let about = About(
    id: "mean-squared-error", version: "0.1.0", summary: "The mean of (target - prediction) squared.")

  @Option("How several outputs become one value; raw_values: a metric for each output.")
  var multioutput = Multioutput.uniformAverage

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  var progress = OutputMeans()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) {
    if multioutput != .rawValues { metrics.declare(host, .min) }
  }

  func reset() { progress = OutputMeans() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.regression]))
    if multioutput == .rawValues { metrics.declare(host, .min, parts: MeasuredTask.partNames(task)) }
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    try progress.add(try reader.read(batch, prediction, progress.task)) { target, prediction in
      let error = target - prediction
      return error * error
    }
  }

  func compute(_ host: Host) { metrics.publish(host, progress.values(multioutput)) }

  func merge(_ other: MeanSquaredError) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(MeanSquaredError.self, to: args, license: "Apache-2.0")
}
