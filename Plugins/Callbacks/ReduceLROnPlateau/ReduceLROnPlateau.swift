import CallbackCore
import PluginKit

/// Lowers the learning rate when the monitored metric has stopped improving, by the rules of Keras.
final class ReduceLROnPlateau: Callback {
  static let about = About(
    id: "reduce-lr-on-plateau", version: "0.1.0",
    summary: "Lowers the learning rate when the monitored metric has stopped improving.")

  @Option("The metric to watch, as it is named in the logs.")
  var monitor: MetricName = "val_loss"

  @Option("The rate is multiplied with this.", range: "[0, 1)")
  var factor = 0.1

  @Option(
    "Epochs without improvement before the rate is lowered. 0 is the same as 1.", range: "[0, )",
    unit: "epochs")
  var patience = 10

  @Option("Which way is better. auto: as the metric says of itself; a loss should fall.")
  var mode = Mode.auto

  @Option("A change must be larger than this to count as an improvement. The sign is dropped.")
  var minDelta = 0.0001

  @Option(
    "Epochs after a reduction in which waiting does not begin. 1 is the same as 0.", range: "[0, )",
    unit: "epochs")
  var cooldown = 0

  @Option("The rate is never made lower than this.", range: "[0, )")
  var minLr = 0.0

  @Option("Refuse to start a run that cannot produce the metric. false: start it with a warning.")
  var strict = true

  /// What the current run has shown so far. `reset()` starts a fresh one.
  struct Progress: Codable {
    var best: Double?
    /// Epochs since the last improvement. At the lowest rate it goes on growing.
    var wait = 0
    /// Epochs of cooldown that are left.
    var cooldownCounter = 0
  }
  var progress = Progress()

  private var metric = Metric.none
  private var rateMetric = Metric.none

  func create(_ host: Host) throws {
    try refuseNonFinite(["min_delta": minDelta, "factor": factor, "min_lr": minLr])
    metric = host.want(monitor.name, optional: !strict)
    rateMetric = LearningRate.declare(host)
  }

  func reset() { progress = Progress() }

  func onTrainBegin(_ event: Event) throws {
    // A model without a learning rate should not cost an epoch.
    _ = try LearningRate(event)
  }

  func onEpochBegin(_ event: Event) throws {
    // Nor should a direction that nobody knows.
    _ = try mode.direction(of: metric, event.host)
  }

  func onEpochEnd(_ event: Event) throws {
    let rate = try LearningRate(event)
    // The rate that the epoch was trained with, not the one that may follow from it.
    event.publish(rateMetric, Double(rate.value))
    guard let value = event.logs[metric] else { return }
    if progress.cooldownCounter > 0 {
      progress.cooldownCounter -= 1
      progress.wait = 0
    }
    let rule = Improvement(try mode.direction(of: metric, event.host), minimumDelta: minDelta)
    if rule.improves(value, on: progress.best) {
      progress.best = value
      progress.wait = 0
    } else if progress.cooldownCounter == 0 {
      progress.wait += 1
      if progress.wait >= patience { reduce(rate, event) }
    }
  }

  private func reduce(_ rate: LearningRate, _ event: Event) {
    guard rate.value > Float(minLr) else { return }
    let lower = Float(max(Double(rate.value) * factor, minLr))
    rate.set(lower)
    let epochs = progress.wait == 1 ? "1 epoch" : "\(progress.wait) epochs"
    event.host.log(
      .info, "\(monitor.name) has not improved for \(epochs): learning_rate is now \(Double(lower).short())")
    progress.cooldownCounter = cooldown
    progress.wait = 0
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(ReduceLROnPlateau.self, to: args, license: "Apache-2.0")
}
