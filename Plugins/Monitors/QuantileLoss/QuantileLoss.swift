import MonitorCore
import PluginKit

/// The pinball loss: what the prediction of a quantile is judged by. Smallest for the quantile itself.
final class QuantileLoss: Monitor {
  static let about = About(
    id: "quantile-loss", version: "0.1.0", summary: "The pinball loss of a predicted quantile.")

  @Option("The quantile that is predicted; 0.5 is the median.", range: "[0, 1]")
  var quantile = 0.5

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
    let quantile = self.quantile
    try progress.add(try reader.read(batch, prediction, progress.task)) { target, prediction in
      let error = target - prediction
      return error >= 0 ? quantile * error : (quantile - 1) * error
    }
  }

  func compute(_ host: Host) { metrics.publish(host, progress.values(multioutput)) }

  func merge(_ other: QuantileLoss) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(QuantileLoss.self, to: args, license: "Apache-2.0")
}
