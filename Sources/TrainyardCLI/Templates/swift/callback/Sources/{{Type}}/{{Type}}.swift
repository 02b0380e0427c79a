import PluginKit

/// A callback of Trainyard. `swift build` builds it, `swift test` proves that it keeps the contract.
///
/// As it stands it ends a run whose metric has not improved for some epochs. Replace what it does; keep how it is laid
/// out: all that a run can change lives in `Progress`, so `reset()` is one assignment.
final class {{Type}}: Callback {
  static let about = About(
    id: "{{id}}", version: "0.1.0", summary: "Stops a run whose metric has not improved for some epochs.")

  @Option("The metric to watch; lower is better.")
  var monitor: MetricName = "loss"

  @Option("Epochs in a row without improvement before the run stops.", range: "[1, )", unit: "epochs")
  var patience = 3

  /// All that a run can change. Checkpoints hold it, field by field.
  struct Progress: Codable {
    var best: Double?
    var epochsSinceBest = 0
  }
  var progress = Progress()

  private var metric = Metric.none

  /// Options have their values here. Nothing in it depends on a run.
  func create(_ host: Host) { metric = host.want(monitor.name) }

  /// Before every run, the first one too: afterwards nobody can tell this instance from a new one.
  func reset() { progress = Progress() }

  /// Any hook of `Callback`; one that is not implemented costs nothing.
  func onEpochEnd(_ event: Event) {
    // Absent, as in an epoch without validation: not counted.
    guard let value = event.logs[metric] else { return }
    // NaN is never an improvement.
    if !value.isNaN, progress.best.map({ value < $0 }) ?? true {
      progress = Progress(best: value)
      return
    }
    progress.epochsSinceBest += 1
    if progress.epochsSinceBest >= patience { event.stop(because: "no improvement for \(patience) epochs") }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export({{Type}}.self, to: args)
}
