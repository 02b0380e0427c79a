import MonitorCore
import PluginKit

/// The mean squared distance between predicted probabilities and what was the case, weighted where rows have
/// weights.
///
/// Binary: (p − y)² of class 1, from 0 to 1. Classes: the sum over all classes, from 0 to 2.
final class Brier: Monitor {
  static let about = About(
    id: "brier", version: "0.1.0", summary: "The mean squared error of probabilities.")

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
    progress.mean.add(examples) { row in
      if examples.width == 1 {
        let error = examples.predictions[row] - examples.targets[row]
        return error * error
      }
      let target = examples.trueClass(row)
      var sum = 0.0
      for column in 0..<examples.width {
        let error = examples.predictions[row * examples.width + column] - (column == target ? 1 : 0)
        sum += error * error
      }
      return sum
    }
  }

  func compute(_ host: Host) { metrics.publish(host, progress.mean.value) }

  func merge(_ other: Brier) { progress.mean.merge(other.progress.mean) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(Brier.self, to: args, license: "Apache-2.0")
}
