import CallbackCore
import PluginKit

/// Stops a run when the monitored metric has stopped improving, by the rules of Keras or of Lightning.
///
/// An epoch improves on the best so far when the metric moves by more than `min_delta` in its direction. After
/// `patience` epochs without that the run stops. What else stops it, and what restarts the patience, is in
/// `KerasRules.swift` and `LightningRules.swift`.
final class EarlyStopping: Callback {
  static let about = About(
    id: "early-stopping", version: "0.2.0",
    summary: "Stops a run when the monitored metric has stopped improving.")

  @Option("Whose rules: defaults, the sign of min_delta and what else stops a run follow the choice.")
  var rules = Rules.keras

  @Option("The metric to watch, as it is named in the logs. Keras: val_loss without it; Lightning: required.")
  var monitor: MetricName? = nil

  @Option(
    """
    Which way is better. auto, Keras's default: as the metric says of itself, and a loss should fall; \
    Lightning has no auto, and min is its default.
    """)
  var mode: Mode? = nil

  @Option(
    """
    A change must be larger than this to count as an improvement. Keras drops the sign; with Lightning a \
    negative one lets slightly worse values count.
    """)
  var minDelta = 0.0

  @Option(
    "Epochs without improvement before the run stops. 0 is the same as 1. Keras: 0 without it; Lightning: 3.",
    range: "[0, )", unit: "epochs")
  var patience: Int? = nil

  @Option(
    """
    Keras. A value to beat: until the metric is better than this, improving does not restart the patience.
    """)
  var baseline: Double? = nil

  @Option(
    "Keras. The first epoch that counts, from 0. Earlier ones are not looked at. 0 without it.",
    range: "[0, )")
  var startFromEpoch: Int? = nil

  @Option(
    """
    Keras. Put the weights of the best epoch back when the run ends, also when it was not stopped. false \
    without it.
    """)
  var restoreBestWeights: Bool? = nil

  @Option("Lightning. Stop as soon as the metric is NaN or infinite. true without it.")
  var checkFinite: Bool? = nil

  @Option("Lightning. Stop as soon as the metric is better than this.")
  var stoppingThreshold: Double? = nil

  @Option("Lightning. Stop as soon as the metric is worse than this.")
  var divergenceThreshold: Double? = nil

  @Option("Refuse to start a run that cannot produce the metric. false: start it with a warning.")
  var strict = true

  /// Why a run was stopped, in Lightning's words.
  enum Reason: String, Codable {
    case notStopped = "NOT_STOPPED"
    case stoppingThreshold = "STOPPING_THRESHOLD"
    case divergenceThreshold = "DIVERGENCE_THRESHOLD"
    case patienceExhausted = "PATIENCE_EXHAUSTED"
    case nonFiniteMetric = "NON_FINITE_METRIC"
  }

  /// What the current run has shown so far. `reset()` starts a fresh one.
  struct Progress: Codable {
    /// By Lightning's rules it starts from the infinity that everything improves on.
    var best: Double?
    var bestEpoch = 0
    /// Epochs since the last improvement; with a baseline, since the last one that also beat it.
    var wait = 0
    /// The metric has been there.
    var isShown = false
    /// 0: not stopped.
    var stoppedEpoch = 0
    var reason = Reason.notStopped
  }
  var progress = Progress()

  var metric = Metric.none
  /// The slot of the host that holds the weights of the best epoch.
  static let bestWeights = 0

  func create(_ host: Host) throws {
    try refuseNonFinite(["min_delta": minDelta])
    try refuseNaN([
      "baseline": baseline, "stopping_threshold": stoppingThreshold,
      "divergence_threshold": divergenceThreshold,
    ])
    switch rules {
    case .keras:
      try rules.refuse([
        "check_finite": checkFinite, "stopping_threshold": stoppingThreshold,
        "divergence_threshold": divergenceThreshold,
      ])
    case .lightning:
      try rules.refuse([
        "baseline": baseline, "start_from_epoch": startFromEpoch, "restore_best_weights": restoreBestWeights,
      ])
      _ = try Rules.lightningDirection(mode)
      guard monitor != nil else {
        throw PluginError(
          "option 'monitor' is missing, and Lightning's rules have no default for it",
          help: "name a metric, such as monitor: val_loss")
      }
    }
    metric = host.want(monitor?.name ?? "val_loss", optional: !strict)
  }

  func reset() {
    progress = Progress()
    if rules == .lightning { progress.best = mode == .max ? -.infinity : .infinity }
  }

  func onEpochBegin(_ event: Event) throws {
    // A direction that nobody knows should not cost an epoch.
    _ = try direction(event)
  }

  func onEpochEnd(_ event: Event) throws {
    // A metric that is absent in an epoch is not counted, and one of an earlier epoch is never looked at again.
    guard let value = event.logs[metric] else { return try missed(event) }
    progress.isShown = true
    switch rules {
    case .keras: try checkByKeras(value, event)
    case .lightning: try checkByLightning(value, event)
    }
  }

  /// By Lightning's rules a metric that has not been there yet ends the run, unless it is one of validation and the run
  /// validates: then its turn will come.
  private func missed(_ event: Event) throws {
    guard rules == .lightning, strict, !progress.isShown else { return }
    if metric.name.hasPrefix("val_"), event.host.run.map({ $0.validationRows > 0 }) ?? false { return }
    throw PluginError(
      "epoch \(event.epoch + 1) has no '\(metric.name)', and no epoch before it had",
      help: "set strict: false to wait for it")
  }

  func onTrainEnd(_ event: Event) throws {
    guard restoreBestWeights == true, event.outcome == .finished || event.outcome == .stopped else { return }
    let weights = try weights(of: event)
    guard weights.isFilled(Self.bestWeights), let best = progress.best else { return }
    weights.restore(Self.bestWeights)
    event.host.log(
      .info,
      "restored the weights of epoch \(progress.bestEpoch + 1) (\(metric.name) \(best.short(6)))")
  }

  func direction(_ event: Event) throws -> Direction {
    switch rules {
    case .keras: try (mode ?? .auto).direction(of: metric, event.host)
    case .lightning: try Rules.lightningDirection(mode)
    }
  }

  func stop(_ event: Event, _ reason: Reason, because text: String) {
    progress.stoppedEpoch = event.epoch
    progress.reason = reason
    event.stop(because: text)
  }

  func weights(of event: Event) throws -> Weights {
    guard let weights = event.weights else {
      throw PluginError(
        "the host gives no access to the model's weights", help: "set restore_best_weights: false")
    }
    return weights
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(EarlyStopping.self, to: args, license: "Apache-2.0")
}
