import CallbackCore
import PluginKit

/// Saves the model's weights at the end of epochs: of every one, or of those that are the best so far.
final class ModelCheckpoint: Callback {
  static let about = About(
    id: "model-checkpoint", version: "0.1.0",
    summary: "Saves the weights of every epoch, or of the best so far, and of the last.")

  @Option("The metric that says what is best, as it is named in the logs.")
  var monitor: MetricName = "val_loss"

  @Option("Which way is better. auto: as the metric says of itself; a loss should fall.")
  var mode = Mode.auto

  @Option("Save only when the metric is better than it ever was in this run.")
  var saveBestOnly = false

  @Option("Also save each epoch's weights as last.safetensors.")
  var saveLast = false

  @Option(
    """
    The file's name, in the folder checkpoints of the run. Fields in braces as in Python: {epoch:02d} counts \
    from 1, and every metric of the epoch has its name. Without it: best.safetensors with save_best_only, \
    else epoch-{epoch:03d}.safetensors.
    """)
  var filename: String? = nil

  @Option("With save_best_only: nothing is saved that is not better than this.")
  var initialValueThreshold: Double? = nil

  @Option("Refuse to start a run that cannot produce a metric named here. false: start it with a warning.")
  var strict = true

  /// What the current run has shown so far. `reset()` starts a fresh one.
  struct Progress: Codable {
    var best: Double?
  }
  var progress = Progress()

  private static let folder = "checkpoints/"
  private static let last = "last.safetensors"
  private var metric: Metric?
  private var template: NameTemplate?
  /// The metrics that the template names.
  private var named: [String: Metric] = [:]

  func create(_ host: Host) throws {
    if initialValueThreshold?.isNaN == true {
      throw PluginError("initial_value_threshold is NaN", help: "set it to a number or leave it out")
    }
    let template = try NameTemplate(
      filename ?? (saveBestOnly ? "best.safetensors" : "epoch-{epoch:03d}.safetensors"))
    try check(template.text)
    if saveLast && template.text == Self.last {
      throw PluginError("'\(Self.last)' is where save_last saves", help: "give filename another name")
    }
    self.template = template
    // A run without validation may well save every epoch, though the default monitor is val_loss.
    if saveBestOnly || (mode == .auto && !Mode.isLoss(monitor.name)) {
      metric = host.want(monitor.name, optional: !(strict && saveBestOnly))
    }
    for name in template.names where name != "epoch" { named[name] = host.want(name, optional: !strict) }
  }

  func reset() { progress = Progress() }

  func onEpochBegin(_ event: Event) throws {
    // A direction that nobody knows should not cost an epoch. It is an error also where every epoch is saved:
    // the config says something that cannot be.
    if let metric { _ = try mode.direction(of: metric, event.host) }
  }

  func onEpochEnd(_ event: Event) throws {
    guard let template else { return }
    // The name first: one that cannot be formed is an error also in an epoch that would not be saved.
    let path = Self.folder + (try template.filled { value(of: $0, event) })
    try check(path)
    let weights = try weights(of: event)
    if try isWorthSaving(event) { weights.save(to: path) }
    if saveLast { weights.save(to: Self.folder + Self.last) }
  }

  private func isWorthSaving(_ event: Event) throws -> Bool {
    guard saveBestOnly, let metric else { return true }
    guard let value = event.logs[metric] else { return false }
    let rule = Improvement(try mode.direction(of: metric, event.host))
    guard rule.improves(value, on: progress.best ?? initialValueThreshold) else { return false }
    progress.best = value
    return true
  }

  private func value(of name: String, _ event: Event) -> NameTemplate.Value? {
    if name == "epoch" { return .int(event.epoch + 1) }
    return named[name].flatMap { event.logs[$0] }.map { .number($0) }
  }

  private func weights(of event: Event) throws -> Weights {
    guard let weights = event.weights else {
      throw PluginError("this host cannot save weights", help: "leave model-checkpoint out")
    }
    return weights
  }

  /// Checkpoints stay in their folder.
  private func check(_ path: String) throws {
    let components = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !path.isEmpty, !path.hasPrefix("/"), !path.hasSuffix("/"), !components.contains("..") else {
      throw PluginError(
        "filename '\(path)' does not name a file below the run's folder '\(Self.folder)'",
        help: "use a relative name such as best.safetensors")
    }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(ModelCheckpoint.self, to: args, license: "Apache-2.0")
}
