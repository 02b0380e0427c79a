/// One run as its callbacks could see it: metrics, epochs and batches, to be shown to callbacks again without
/// training.
///
/// Weights are a single number that stands for the state of the model: what training made of it at that moment.
public struct Recording: Sendable {
  /// A metric that the host produced by itself, without the callbacks.
  public struct Metric: Sendable, Equatable {
    public var name: String
    public var direction: Direction
    public var phase: Phase

    public init(_ name: String, _ direction: Direction, _ phase: Phase) {
      self.name = name
      self.direction = direction
      self.phase = phase
    }
  }

  public typealias Values = [(name: String, value: Double)]

  public struct Batch: Sendable {
    /// From 0 within its pass, as callbacks are told it.
    public var index: Int
    public var logs: Values
    /// What training makes of the weight.
    public var weight: Double?
    /// Optimizer steps in this batch.
    public var steps: Int
    public var examples: Int

    public init(index: Int, logs: Values, weight: Double? = nil, steps: Int = 1, examples: Int = 0) {
      self.index = index
      self.logs = logs
      self.weight = weight
      self.steps = steps
      self.examples = examples
    }
  }

  public struct Epoch: Sendable {
    /// From 0.
    public var index: Int
    /// Empty where only epochs were recorded.
    public var batches: [Batch] = []
    /// What training makes of the weight where there are no batches.
    public var weight: Double?
    /// Optimizer steps of the epoch where there are no batches.
    public var steps = 0
    /// Training rows of the epoch.
    public var examples = 0
    /// Whether the run validated in this epoch.
    public var validates = false
    public var validationBatches: [Batch] = []
    public var logs: Values = []
    public var notes: [Note] = []
    /// Seconds of the run's clock when the epoch began and ended, where they are known.
    public var begin: Double?
    public var end: Double?
    /// False: the run ended in the middle of it, and its end was not called.
    public var isComplete = true

    public init(index: Int) { self.index = index }
  }

  /// How a replay ends when no callback asks it to stop.
  public enum Ending: Sendable, Equatable {
    case finished
    /// By something that is not among the callbacks.
    case stopped(reason: String)
    /// Also when a callback asked to stop before.
    case interrupted
    /// The model failed in the batch after the last.
    case failed(message: String)
  }

  public var metrics: [Metric] = []
  public var epochs: [Epoch] = []
  /// Epochs that the run was to have.
  public var plannedEpochs = 0
  /// The weight before the first batch.
  public var initialWeight = -1.0
  /// Hyper-parameters at the start of the run.
  public var parameters: Values = []
  public var ending = Ending.finished
  public var batchesPerEpoch = 0
  public var batchSize = 0
  public var trainingRows = 0
  public var validationRows = 0
  public var seed: UInt64 = 0
  /// Id of the model's component.
  public var model = "replay"

  public init() {}

  public var hasBatches: Bool { epochs.contains { !$0.batches.isEmpty } }
}
