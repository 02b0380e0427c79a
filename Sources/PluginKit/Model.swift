import CTrainyard

/// Something that learns from batches.
///
/// `Progress` holds what is small; tensors of the optimizer go through `saveState` and `loadState`.
public protocol Model: Exportable {
  /// Weights, optimizer and hyper-parameters as new, for this task. The same seed gives the same weights.
  func reset(seed: UInt64, task: TaskDescription) throws

  /// What this model answers for the task it was reset with.
  var facts: ModelFacts { get throws }

  /// Forward, backward and, unless gradients are being accumulated, one optimizer step.
  /// Loss and prediction are those before the step.
  func trainStep(_ batch: Batch) throws -> StepResult

  /// Forward only; changes nothing. Without a target the loss is NaN.
  func evaluate(_ batch: Batch) throws -> StepResult

  /// The weights by index. Names and shapes stay from reset to reset.
  var weightCount: Int { get }
  func weight(at index: Int) throws -> Weight
  /// Replaces one weight. The shape has been checked against `weight(at:)`.
  func assign(_ weight: Weight, at index: Int) throws

  /// Names of hyper-parameters that may change while training, such as `learning_rate`.
  var parameterNames: [String] { get }
  func parameter(_ name: String) -> Double?
  func setParameter(_ name: String, to value: Double) throws

  /// State beside `progress` and the weights: moments, accumulated gradients.
  func saveState(to sink: StateSink) throws
  func loadState(from source: StateSource) throws
}

extension Model {
  public var parameterNames: [String] { [] }
  public func parameter(_ name: String) -> Double? { nil }
  public func setParameter(_ name: String, to value: Double) throws {
    throw PluginError("no hyper-parameter '\(name)'")
  }
  public func saveState(to sink: StateSink) throws {}
  public func loadState(from source: StateSource) throws {}
}

/// A model with a cheaper way than views of its weights to keep and bring back what it has learned: a booster keeps a
/// number of rounds. The host numbers the snapshots, and gives each up when nobody needs it any more.
public protocol SnapshottingModel: Model {
  func takeSnapshot(_ number: Int) throws
  func restoreSnapshot(_ number: Int) throws
  func dropSnapshot(_ number: Int) throws
}

/// What a model answers for a task.
public struct ModelFacts: Sendable {
  public var task: TaskKind
  /// Predictions are `[n, width]`; 0: `[n]`.
  public var width: Int
  public var predictsDoubles = false
  /// Every training batch is the whole training set, as for a boosting round.
  public var needsFullBatch = false
  /// A resumed run continues bit for bit.
  public var resumesExactly: Bool

  public init(
    task: TaskKind, width: Int, predictsDoubles: Bool = false, needsFullBatch: Bool = false,
    resumesExactly: Bool
  ) {
    self.task = task
    self.width = width
    self.predictsDoubles = predictsDoubles
    self.needsFullBatch = needsFullBatch
    self.resumesExactly = resumesExactly
  }
}

/// What one step gave.
public struct StepResult {
  /// Σwl/Σw over the batch, plus regularisation.
  public var loss: Double
  /// Σw; the number of rows without weights.
  public var weight: Double
  /// Optimizer steps that the call made.
  public var optimizerSteps: Int
  /// Activated predictions, in memory of the model that stays as it is until the next call.
  public var prediction: TensorView

  public init(loss: Double, weight: Double, optimizerSteps: Int, prediction: TensorView) {
    self.loss = loss
    self.weight = weight
    self.optimizerSteps = optimizerSteps
    self.prediction = prediction
  }
}

/// One named tensor of a model.
public struct Weight {
  public var name: String
  public var tensor: TensorView
  public var isTrainable: Bool

  public init(name: String, tensor: TensorView, isTrainable: Bool = true) {
    self.name = name
    self.tensor = tensor
    self.isTrainable = isTrainable
  }
}
