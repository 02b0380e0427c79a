import MonitorCore
import PluginKit

/// The share of rows whose true class is among the `k` with the largest predictions, weighted where rows have
/// weights. Among equal predictions the higher class comes first, as in scikit-learn.
final class TopKAccuracy: Monitor {
  static let about = About(
    id: "top-k-accuracy", version: "0.1.0",
    summary: "The share of rows whose true class is among the k most probable.")

  @Option("How many of the largest predictions count.", range: "[1, )")
  var k = 5

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  var progress = RowMean()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) { metrics.declare(host, .max) }

  func reset() { progress = RowMean() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.classes]))
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    let examples = try reader.read(batch, prediction, progress.task)
    let k = self.k
    progress.mean.add(examples) { row in
      Self.place(examples, row).map { $0 < k ? 1 : 0 } ?? 0
    }
  }

  func compute(_ host: Host) { metrics.publish(host, progress.mean.value) }

  func merge(_ other: TopKAccuracy) { progress.mean.merge(other.progress.mean) }

  /// The true class's place among the predictions of a row, from 0; `nil` where one of them is NaN.
  private static func place(_ examples: Examples, _ row: Int) -> Int? {
    let start = row * examples.width
    let target = examples.trueClass(row)
    let own = examples.predictions[start + target]
    var place = 0
    for column in 0..<examples.width {
      let value = examples.predictions[start + column]
      if value.isNaN { return nil }
      if value > own || (value == own && column > target) { place += 1 }
    }
    return place
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(TopKAccuracy.self, to: args, license: "Apache-2.0")
}
