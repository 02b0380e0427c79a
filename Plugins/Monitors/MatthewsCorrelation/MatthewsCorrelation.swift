import MonitorCore
import PluginKit

/// The correlation between targets and predicted classes: 1 perfect, 0 as chance, −1 the reverse. Fair to rare
/// classes.
final class MatthewsCorrelation: Monitor {
  static let about = About(
    id: "matthews-correlation", version: "0.1.0", summary: "The correlation of targets and predicted classes."
  )

  @Option("A binary prediction above this is class 1.", range: "[0, 1]")
  var threshold = 0.5

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  var progress = ClassCounts()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) { metrics.declare(host, .max) }

  func reset() { progress = ClassCounts() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.binary, .classes]))
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    try progress.add(try reader.read(batch, prediction, progress.task), threshold: threshold)
  }

  func compute(_ host: Host) { metrics.publish(host, progress.matthewsCorrelation) }

  func merge(_ other: MatthewsCorrelation) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(MatthewsCorrelation.self, to: args, license: "Apache-2.0")
}
