import MonitorCore
import PluginKit

/// Agreement of targets and predicted classes beyond chance; with weights, for classes that have an order.
final class CohenKappa: Monitor {
  static let about = About(
    id: "cohen-kappa", version: "0.1.0", summary: "Agreement of targets and predicted classes beyond chance.")

  enum Weighting: String, OptionChoice { case none, linear, quadratic }

  @Option("How a disagreement grows with the distance of the two classes; none: it does not.")
  var weights = Weighting.none

  @Option("A binary prediction above this is class 1.", range: "[0, 1]")
  var threshold = 0.5

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  var progress = ConfusionCounts()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) { metrics.declare(host, .max) }

  func reset() { progress = ConfusionCounts() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    try progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.binary, .classes]))
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    try progress.add(try reader.read(batch, prediction, progress.task), threshold: threshold)
  }

  func compute(_ host: Host) {
    let kappa = progress.kappa { distance in
      switch weights {
      case .none: 1
      case .linear: Double(distance)
      case .quadratic: Double(distance * distance)
      }
    }
    metrics.publish(host, kappa)
  }

  func merge(_ other: CohenKappa) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(CohenKappa.self, to: args, license: "Apache-2.0")
}
