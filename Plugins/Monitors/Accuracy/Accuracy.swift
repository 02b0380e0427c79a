import MonitorCore
import PluginKit

/// The share of rows whose most probable class is the true one, weighted where rows have weights.
///
/// Binary: class 1 where the probability is above `threshold`. Classes: the largest probability, the lowest
/// class among equals. A prediction that is NaN names no class, so its row is wrong.
final class Accuracy: Monitor {
  static let about = About(
    id: "accuracy", version: "0.1.0", summary: "The share of rows that are classified correctly.")

  @Option("A binary prediction above this is class 1.", range: "[0, 1]")
  var threshold = 0.5

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  var progress = RowMean()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) { metrics.declare(host, .max) }

  func reset() { progress = RowMean() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.binary, .classes]))
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    let examples = try reader.read(batch, prediction, progress.task)
    let threshold = self.threshold
    progress.mean.add(examples) { row in
      examples.predictedClass(row, threshold: threshold) == examples.trueClass(row) ? 1 : 0
    }
  }

  func compute(_ host: Host) { metrics.publish(host, progress.mean.value) }

  func merge(_ other: Accuracy) { progress.mean.merge(other.progress.mean) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(Accuracy.self, to: args, license: "Apache-2.0")
}
