import PluginKit

/// Stops a run when the monitored metric has stopped improving.
final class EarlyStopping: Callback {
  static let about = About(
    id: "early-stopping", version: "0.1.0",
    summary: "Stops a run when the monitored metric has stopped improving.")

  enum Mode: String, OptionChoice { case auto, min, max }

  @Option("The metric to watch, as it is named in the logs.") var monitor: MetricName = "val_loss"
  @Option("Epochs without improvement before the run stops.", range: "[0, )", unit: "epochs")
  var patience = 0
  @Option("Which way is better.") var mode = Mode.auto
  @Option("x") var baseline: Double? = nil

  struct Progress: Codable {
    var best: Double?
    var wait = 0
  }
  var progress = Progress()
  private var metric = Metric.none

  func create(_ host: Host) throws { metric = host.want(monitor.name) }
  func reset() { progress = Progress() }

  func onEpochEnd(_ event: Event) throws {
    guard let value = event.logs[metric] else { return }
    if progress.best.map({ value < $0 }) ?? true {
      progress.best = value
      progress.wait = 0
    } else {
      progress.wait += 1
    }
    if progress.wait >= patience { event.stop(because: "no improvement") }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(EarlyStopping.self, to: args)
}
