import Training

/// A run with nothing left open: every plugin found, every option checked. Made from a config by `Planner`, or by
/// an embedding program.
public struct Plan: Sendable {
  public var model: PlannedInstance
  public var callbacks: [PlannedInstance] = []
  public var monitors: [PlannedInstance] = []
  /// Monitors that are no plugins. Those that read metrics come after those that give them.
  public var measures: [PlannedMeasure] = []
  public var data: DataPlan
  public var training = TrainingPlan()
  /// A safetensors file whose weights the model starts from, assigned after its reset.
  public var initialWeights: String?
  public var output = OutputPlan()
  /// Of a run with a folder; `nil`: none are taken.
  public var checkpoints: CheckpointPolicy? = CheckpointPolicy()
  /// What relative paths of the config are relative to.
  public var baseFolder = "."
  /// How `CrossValidation` divides the data; `nil`: not said. One run passes over it.
  public var crossValidation: CrossValidationConfig?
  /// What `trainyard search` varies; `nil`: the config has no search.
  public var search: SearchPlan?
  /// The whole config as it was resolved, for the run's folder.
  public var resolved: JSONValue = .object([])

  public init(model: PlannedInstance, data: DataPlan) {
    self.model = model
    self.data = data
  }

  /// Adds a monitor that is written in Swift.
  public mutating func add(_ monitor: ClosureMonitor) { measures.append(.closure(monitor)) }
}

/// Where rows come from, and what becomes of them before the model sees them.
public struct DataPlan: Sendable {
  public var training: PlannedInstance
  public var validation: Validation = .none
  public var preprocessing = Preprocessing()
  public var task = TargetPlan.Setting.auto
  public var classWeights = ClassWeights.none

  public enum Validation: Sendable {
    case none
    /// A part of the training rows, chosen by the run's seed.
    case fraction(Double, stratify: Bool)
    case dataset(PlannedInstance)

    var isDataset: Bool { if case .dataset = self { true } else { false } }
  }

  public init(training: PlannedInstance) { self.training = training }
}

/// How long, in which portions, with how many threads.
public struct TrainingPlan: Sendable {
  public var epochs = 10
  public var batchSize = 32
  /// Rows of a batch that is only evaluated.
  public var validationBatchSize = 1024
  public var seed: UInt64 = 0
  public var shuffle = true
  public var validationEvery = 1
  public var threads = 1
  public var prefetch = BatchLoader.Mode.automatic
  public var maxSteps: Int?
  public var isStrict = true
  /// Looked for in a short run before each real one; `nil`: the model's learning rate stands.
  public var learningRateSearch: LearningRateSearch?

  public init() {}
}

/// What a run leaves behind.
public struct OutputPlan: Sendable {
  /// Runs get a folder of their own in it; `nil`: nothing is written.
  public var folder: String? = "runs"
  /// The run's own folder in it; `nil`: the date and time.
  public var name: String?
  /// The recording has the batch hooks, too.
  public var recordsBatches = false
  /// The file of the `RunStore` that `Plan.run` writes itself down in; `nil`: none.
  public var store: String?
  /// Is told the run's folder when its first epoch begins: all that can keep a run from beginning is over then.
  var began: (@Sendable (_ folder: String) -> Void)?

  public init() {}
}
