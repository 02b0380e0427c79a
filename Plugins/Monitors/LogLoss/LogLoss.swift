import Glibc
import MonitorCore
import PluginKit

/// The mean of −log of the probability that was given to the true class, weighted where rows have weights.
///
/// Probabilities are kept between ε and 1 − ε, where ε is that of the predictions' own type, as in scikit-learn.
final class LogLoss: Monitor {
  static let about = About(
    id: "log-loss", version: "0.1.0", summary: "The mean of -log of the true class's probability.")

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  var progress = RowMean()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) { metrics.declare(host, .min) }

  func reset() { progress = RowMean() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.binary, .classes]))
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    let examples = try reader.read(batch, prediction, progress.task)
    let lowest = examples.isSinglePrecision ? Double(Float.ulpOfOne) : Double.ulpOfOne
    let highest = 1 - lowest
    progress.mean.add(examples) { row in
      let target = examples.trueClass(row)
      let probability =
        examples.width > 1
        ? examples.predictions[row * examples.width + target]
        : target == 1 ? examples.predictions[row] : 1 - examples.predictions[row]
      // A NaN is neither below nor above, and stays.
      return -log(probability < lowest ? lowest : probability > highest ? highest : probability)
    }
  }

  func compute(_ host: Host) { metrics.publish(host, progress.mean.value) }

  func merge(_ other: LogLoss) { progress.mean.merge(other.progress.mean) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(LogLoss.self, to: args, license: "Apache-2.0")
}
