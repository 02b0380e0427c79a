import PluginKit

/// Publishes the learning rate, and on request momentum and weight decay, as metrics for loggers.
final class LearningRateMonitor: Callback {
  static let about = About(
    id: "learning-rate-monitor", version: "0.1.0",
    summary: "Publishes the learning rate, momentum and weight decay as metrics.")

  enum Interval: String, OptionChoice { case epoch, step }

  @Option("When: once an epoch, with the values of its first batch, or with every batch.")
  var loggingInterval = Interval.epoch

  @Option("Also publish the momentum.")
  var logMomentum = false

  @Option("Also publish the weight decay.")
  var logWeightDecay = false

  @Option("Stands before the names of the metrics.")
  var logKeyPrefix = ""

  /// `reset()` starts a fresh one.
  struct Progress: Codable {
    /// What the first batch of the epoch was trained with, in the order of `metrics`; empty before it.
    var values: [Double] = []
  }
  var progress = Progress()

  private var metrics: [Metric] = []
  private var names: [String] = []

  func create(_ host: Host) {
    names = ["learning_rate"]
    if logMomentum { names.append("momentum") }
    if logWeightDecay { names.append("weight_decay") }
    metrics = names.map {
      host.declare(logKeyPrefix + $0, in: loggingInterval == .epoch ? .epoch : .batch)
    }
  }

  func reset() { progress = Progress() }

  func onTrainBegin(_ event: Event) throws {
    let known = event.optimizer?.names ?? []
    for name in names where !known.contains(name) {
      let list = known.isEmpty ? "it has none" : "it has: \(known.joined(separator: ", "))"
      let option = name == "learning_rate" ? nil : "set log_\(name): false"
      throw PluginError(
        "the model '\(event.host.run?.model ?? "")' has no hyper-parameter '\(name)'; \(list)",
        help: option ?? "leave \(event.host.instanceName) out")
    }
  }

  func onEpochBegin(_ event: Event) { progress.values.removeAll(keepingCapacity: true) }

  // When every callback has had its say in what the batch is trained with.
  func onBatchBegin(_ event: Event) {
    switch loggingInterval {
    case .epoch:
      guard progress.values.isEmpty, let optimizer = event.optimizer else { return }
      for name in names { progress.values.append(optimizer.value(name) ?? .nan) }
    case .step:
      guard let optimizer = event.optimizer else { return }
      for index in names.indices { event.publish(metrics[index], optimizer.value(names[index]) ?? .nan) }
    }
  }

  func onEpochEnd(_ event: Event) {
    if loggingInterval == .epoch { publish(progress.values, event) }
  }

  private func publish(_ values: [Double], _ event: Event) {
    for (metric, value) in zip(metrics, values) { event.publish(metric, value) }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(LearningRateMonitor.self, to: args, license: "Apache-2.0")
}
