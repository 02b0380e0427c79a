import CallbackCore
import PluginKit

/// Stops a run when the monitored metric has stopped improving, by the rules of Keras.
///
/// An epoch improves on the best so far when the metric moves by more than `min_delta` in its direction. The
/// run stops after `patience` epochs without that, but never in its first epoch and never in one that improved.
final class EarlyStopping: Callback {
  static let about = About(
    id: "early-stopping", version: "0.1.0",
    summary: "Stops a run when the monitored metric has stopped improving.")

  @Option("The metric to watch, as it is named in the logs.")
  var monitor: MetricName = "val_loss"

  @Option("Which way is better. auto: as the metric says of itself; a loss should fall.")
  var mode = Mode.auto

  @Option("A change must be larger than this to count as an improvement. The sign is dropped.")
  var minDelta = 0.0

  @Option(
    "Epochs without improvement before the run stops. 0 is the same as 1.", range: "[0, )", unit: "epochs")
  var patience = 0

  @Option("A value to beat: until the metric is better than this, improving does not restart the patience.")
  var baseline: Double? = nil

  @Option("The first epoch that counts, from 0. Earlier ones are not looked at.", range: "[0, )")
  var startFromEpoch = 0

  @Option("Put the weights of the best epoch back when the run ends, also when it was not stopped.")
  var restoreBestWeights = false

  @Option("Refuse to start a run that cannot produce the metric. false: start it with a warning.")
  var strict = true

  /// What the current run has shown so far. `reset()` starts a fresh one.
  struct Progress: Codable {
    var best: Double?
    var bestEpoch = 0
    /// Epochs since the last improvement; with a baseline, since the last one that also beat it.
    var wait = 0
    /// 0: not stopped.
    var stoppedEpoch = 0
  }
  var progress = Progress()

  private var metric = Metric.none
  /// The slot of the host that holds the weights of the best epoch.
  private static let bestWeights = 0

  func create(_ host: Host) throws {
    if minDelta.isNaN {
      throw PluginError("min_delta is NaN", help: "set min_delta to a number such as 0.001")
    }
    if baseline?.isNaN == true {
      throw PluginError("baseline is NaN", help: "set it to a number or leave it out")
    }
    metric = host.want(monitor.name, optional: !strict)
  }

  func reset() { progress = Progress() }

  func onEpochBegin(_ event: Event) throws {
    // A direction that nobody knows should not cost an epoch.
    _ = try mode.direction(of: metric, event.host)
  }

  func onEpochEnd(_ event: Event) throws {
    guard event.epoch >= startFromEpoch, let value = event.logs[metric] else { return }
    let rule = Improvement(try mode.direction(of: metric, event.host), minimumDelta: minDelta)
    progress.wait += 1
    if rule.improves(value, on: progress.best) {
      progress.best = value
      progress.bestEpoch = event.epoch
      if restoreBestWeights { try weights(of: event).take(Self.bestWeights) }
      if baseline.map({ rule.improves(value, on: $0) }) ?? true { progress.wait = 0 }
      // Not even when `wait` has passed `patience` because the baseline was not beaten.
      return
    }
    if progress.wait >= patience && event.epoch > 0 {
      progress.stoppedEpoch = event.epoch
      event.stop(because: reason)
    }
  }

  func onTrainEnd(_ event: Event) throws {
    guard restoreBestWeights, event.outcome == .finished || event.outcome == .stopped else { return }
    let weights = try weights(of: event)
    guard weights.isFilled(Self.bestWeights), let best = progress.best else { return }
    weights.restore(Self.bestWeights)
    event.host.log(
      .info,
      "restored the weights of epoch \(progress.bestEpoch + 1) (\(monitor.name) \(best.short(6)))")
  }

  private func weights(of event: Event) throws -> Weights {
    guard let weights = event.weights else {
      throw PluginError(
        "the host gives no access to the model's weights", help: "set restore_best_weights: false")
    }
    return weights
  }

  /// For people, who count epochs from 1.
  private var reason: String {
    let epochs = progress.wait == 1 ? "1 epoch" : "\(progress.wait) epochs"
    guard let best = progress.best else { return "\(monitor.name) has been NaN for \(epochs)" }
    let amount = minDelta == 0 ? "" : " by more than \(abs(minDelta).short(6))"
    let target = baseline.map { " on the baseline \($0.short(6))" } ?? ""
    return "\(monitor.name) has not improved\(target)\(amount) for \(epochs) "
      + "(best \(best.short(6)) in epoch \(progress.bestEpoch + 1))"
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(EarlyStopping.self, to: args, license: "Apache-2.0")
}
