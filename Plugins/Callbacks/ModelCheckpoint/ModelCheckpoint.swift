import CallbackCore
import PluginKit

/// Saves the model's weights during a run, by the rules of Keras or of Lightning.
///
/// Both have a moment at which a save is due, a name, and a rule that says whether the weights are worth it:
/// `KerasRules.swift` and `LightningRules.swift`.
final class ModelCheckpoint: Callback {
  static let about = About(
    id: "model-checkpoint", version: "0.2.0",
    summary: "Saves the weights of every epoch or of the best so far, and of the last.")

  @Option("Whose rules: defaults, epoch numbers in names and what is kept follow the choice.")
  var rules = Rules.keras

  @Option(
    """
    The metric that says what is best. Keras: val_loss without it; Lightning: without it the newest is kept.
    """)
  var monitor: MetricName? = nil

  @Option(
    """
    Which way is better. auto, Keras's default: as the metric says of itself, and a loss should fall; \
    Lightning has no auto, and min is its default.
    """)
  var mode: Mode? = nil

  @Option(
    """
    The file's name, in the folder checkpoints of the run. Fields in braces as in Python: {epoch:02d}, and \
    every metric of that moment has its name. Keras, from epoch 1: without it best.safetensors with \
    save_best_only, else epoch-{epoch:03d}.safetensors. Lightning, from epoch 0: without it {epoch}-{step}; \
    .ckpt is put behind it.
    """)
  var filename: String? = nil

  @Option("Also save the newest weights under one name: last.safetensors, with Lightning last.ckpt.")
  var saveLast = false

  @Option("Save weights alone. false: also ask the host for a checkpoint that the run can be resumed from.")
  var saveWeightsOnly = false

  @Option("Refuse to start a run that cannot produce a metric named here. false: start it with a warning.")
  var strict = true

  @Option("Keras. Save only when the metric is better than it ever was in this run. false without it.")
  var saveBestOnly: Bool? = nil

  @Option("Keras. When: epoch, or a number of batches, counted over the ends of epochs. epoch without it.")
  var saveFreq: String? = nil

  @Option("Keras. With save_best_only nothing is saved that is not better than this.")
  var initialValueThreshold: Double? = nil

  @Option("Lightning. How many of the best files are kept; -1: all, 0: none. 1 without it.", range: "[-1, )")
  var saveTopK: Int? = nil

  @Option(
    "Lightning. When: at the end of every n-th epoch; 0: never. 1 where no moment is given.", range: "[0, )")
  var everyNEpochs: Int? = nil

  @Option("Lightning. When: after every n-th optimizer step; 0: never.", range: "[0, )")
  var everyNTrainSteps: Int? = nil

  @Option("Lightning. When: after the batch with which this time has passed.", range: "(0, )", unit: "s")
  var trainTimeInterval: Seconds? = nil

  @Option("Lightning. Write {loss:.2f} as loss=0.25. true without it.")
  var autoInsertMetricName: Bool? = nil

  @Option("Lightning. Where a file has the name already, put -v1, -v2 behind it. true without it.")
  var enableVersionCounter: Bool? = nil

  /// What the current run has shown so far. `reset()` starts a fresh one.
  struct Progress: Codable {
    // By the rules of Keras.
    var best: Double?
    var batchesSinceSave = 0
    var lastBatch: Int?

    // By the rules of Lightning.
    var top = TopCheckpoints()
    /// Without a monitor: the newest file.
    var newestFile: String?
    var lastFile: String?
    var lastStep = 0
    var sinceSave = ElapsedTime()

    /// Whether the user has been told that the monitor is not there when a save is due.
    var hasWarned = false
  }
  var progress = Progress()

  var metric: Metric?
  var template: NameTemplate?
  /// By Keras's rules: batches between saves; `nil`: epochs.
  var batchesBetweenSaves: Int?
  /// The metrics that the template names.
  private var named: [String: Metric] = [:]

  func create(_ host: Host) throws {
    try refuseNaN(["initial_value_threshold": initialValueThreshold])
    switch rules {
    case .keras: try createForKeras(host)
    case .lightning: try createForLightning(host)
    }
  }

  func reset() {
    progress = Progress()
    progress.best = initialValueThreshold
  }

  func onTrainBegin(_ event: Event) throws {
    guard trainTimeInterval != nil else { return }
    guard let clock = event.host.clock else {
      throw PluginError("this host has no clock", help: "leave train_time_interval out")
    }
    progress.sinceSave.resume(clock)
  }

  func onEpochBegin(_ event: Event) throws {
    // A direction that nobody knows should not cost an epoch. It is an error also where every epoch is saved:
    // the config says something that cannot be.
    if rules == .keras, let metric { _ = try (mode ?? .auto).direction(of: metric, event.host) }
  }

  func onBatchEnd(_ event: Event) throws {
    switch rules {
    case .keras: try batchEndedByKeras(event)
    case .lightning: try batchEndedByLightning(event)
    }
  }

  func onEpochEnd(_ event: Event) throws {
    switch rules {
    case .keras: if batchesBetweenSaves == nil { try saveByKeras(event) }
    case .lightning: try epochEndedByLightning(event)
    }
  }

  func onTrainEnd(_ event: Event) throws {
    guard rules == .lightning, event.outcome == .finished || event.outcome == .stopped else { return }
    try runEndedByLightning(event)
  }

  // MARK: What both rules need

  /// The metrics that a template names; `others` are names that are no metrics.
  func want(namesOf template: NameTemplate, except others: Set<String>, _ host: Host) {
    for name in template.names where !others.contains(name) {
      named[name] = host.want(name, optional: !strict)
    }
  }

  func value(of name: String, _ event: Event) -> NameTemplate.Value? {
    named[name].flatMap { event.logs[$0] }.map { .number($0) }
  }

  /// Weights as they are when the callbacks before this one are done.
  func save(to path: String, _ event: Event) throws {
    guard let weights = event.weights else {
      throw PluginError("this host cannot save weights", help: "leave model-checkpoint out")
    }
    weights.save(to: path)
    if !saveWeightsOnly { weights.markCheckpoint() }
  }

  /// A monitor that only epochs have, and saves that are due at batches: they never meet.
  func warnOfAbsentMonitor(_ metric: Metric, _ event: Event) {
    guard event.batch >= 0, !progress.hasWarned else { return }
    progress.hasWarned = true
    event.host.log(
      .warning,
      "'\(metric.name)' is not there at the end of a batch, so nothing is saved there for being best")
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(ModelCheckpoint.self, to: args, license: "Apache-2.0")
}
