// What the loop needs of the things it trains with. The adapters give it plugins in this form; tests give it
// objects in memory.

/// A callback as the loop sees it. A class and not a protocol: a call in each batch must cost a few nanoseconds.
open class LoopCallback {
  /// The instance's name in the run.
  public let name: String
  public let hooks: Set<Hook>
  /// What happens when a hook fails.
  public let onError: ErrorPolicy
  /// Filled during `call` and `prepare`.
  public let effects: EffectQueue
  /// Snapshots of the weights; emptied at reset, part of checkpoints.
  public internal(set) var slots = [WeightSlot?](repeating: nil, count: WeightSlots.count)

  /// The one that is called after it in the run, if it has the hook.
  public internal(set) weak var next: LoopCallback?
  /// The callbacks that come after it are others than before.
  open func followersChanged() {}

  public enum ErrorPolicy: Sendable {
    /// The run ends with the error.
    case fail
    /// The run goes on without the callback, and says so.
    case drop
  }

  public init(
    name: String, hooks: Set<Hook>, onError: ErrorPolicy = .fail, effects: EffectQueue = EffectQueue()
  ) {
    self.name = name
    self.effects = effects
    self.hooks = hooks
    self.onError = onError
  }

  /// Makes it as new. Called before every run, the first included.
  open func reset() throws {}
  /// One hook. Effects go to `effects`.
  open func call(_ hook: Hook, _ event: EventFrame) throws {}
  /// A chain of this callback and as many of those that come after it in the hook as can be told together with it, from
  /// the first on. `nil`: it is told alone. Asked before the run's first epoch, when all are reset.
  open func chain(_ hook: Hook, with followers: ArraySlice<LoopCallback>) -> HookChain? { nil }
  open func saveState() throws -> StateTable { [:] }
  open func loadState(_ state: StateTable) throws {}
  /// Nanoseconds that its last call took beside what a clock around it shows; below 0 where others were called in it.
  open var timeElsewhere: Int64 { 0 }
  /// Where its random stream stands, in four words; empty for one without a stream.
  open var randomState: [UInt64] {
    get { [] }
    set {}
  }
}

/// A model as the loop sees it.
public protocol LoopModel: AnyObject {
  var name: String { get }
  func reset(seed: UInt64, task: LearningTask) throws
  /// For the task of the last reset.
  func describe() throws -> ModelFacts
  func trainStep(_ batch: Batch, _ result: StepResult) throws
  func evaluate(_ batch: Batch, _ result: StepResult) throws

  /// Views, valid until the next call on the model.
  func weights() throws -> [NamedTensor]
  func assign(_ weights: [NamedTensor]) throws

  var parameterNames: [String] { get }
  func parameter(_ name: String) -> Double?
  func setParameter(_ name: String, _ value: Double) throws

  /// A cheaper way than copies to keep and bring back weights; all three or none.
  var hasSnapshots: Bool { get }
  func takeSnapshot(_ number: Int) throws
  func restoreSnapshot(_ number: Int) throws
  func dropSnapshot(_ number: Int) throws

  func saveState() throws -> StateTable
  func loadState(_ state: StateTable) throws
  /// See `LoopCallback.randomState`.
  var randomState: [UInt64] { get set }
  /// Why nothing is left of it until its next reset; `nil`: it is there.
  var death: (any Error)? { get }
  /// Lines that it has for the user. A model may ask for nothing else; `nil`: it has none.
  var words: EffectQueue? { get }
}

extension LoopModel {
  public var words: EffectQueue? { nil }
  public var death: (any Error)? { nil }
  public var randomState: [UInt64] {
    get { [] }
    set {}
  }
}

/// A monitor as the loop sees it: one instance for each pass.
public protocol LoopMonitor: AnyObject {
  var name: String { get }
  /// Measures the process; not given predictions.
  var isSample: Bool { get }
  func reset() throws
  /// Once a run, after reset; metrics are declared here or at creation.
  func prepare(_ task: LearningTask) throws
  /// Once a run, when every metric is declared and before the first epoch: what the monitor may look at beside
  /// predictions.
  func begin(_ run: any RunView) throws
  func passBegin(_ pass: Pass) throws
  func update(_ batch: Batch, prediction: Tensor) throws
  /// Values and notes go to `effects`.
  func compute() throws
  var effects: EffectQueue { get }
  /// Also in mid-pass; loaded after `prepare`.
  func saveState() throws -> StateTable
  func loadState(_ state: StateTable) throws
  /// Whether a pass that has begun can be taken up again from what `saveState` gives.
  var resumesWithinPass: Bool { get }
  /// See `LoopCallback.randomState`.
  var randomState: [UInt64] { get set }
}

extension LoopMonitor {
  public func begin(_ run: any RunView) throws {}
  public var resumesWithinPass: Bool { true }
  public var randomState: [UInt64] {
    get { [] }
    set {}
  }
}

/// What a monitor may look at beside predictions: where the run is, and what has been measured so far.
public protocol RunView: AnyObject {
  /// From 0.
  var epoch: Int { get }
  /// Optimizer steps done in this run.
  var step: Int { get }
  /// The metrics of the epoch, as far as they are there.
  var epochLogs: Logs { get }
  var metrics: MetricTable { get }
}

/// What a model answers for a task.
public struct ModelFacts: Sendable {
  public var task: TaskKind
  /// Predictions are `[n, width]`; 0: `[n]`.
  public var width: Int
  public var needsFullBatch: Bool
  public var resumesExactly: Bool

  public init(task: TaskKind, width: Int, needsFullBatch: Bool = false, resumesExactly: Bool = true) {
    self.task = task
    self.width = width
    self.needsFullBatch = needsFullBatch
    self.resumesExactly = resumesExactly
  }
}

/// What one step gave; reused for every step.
public final class StepResult {
  /// In one piece, since every access of a class's property is checked for overlaps.
  public struct Numbers: Sendable {
    /// Σwl/Σw over the batch, plus regularisation.
    public var loss = Double.nan
    /// Σw.
    public var weight = 0.0
    public var optimizerSteps = 0

    public init(loss: Double = .nan, weight: Double = 0, optimizerSteps: Int = 0) {
      self.loss = loss
      self.weight = weight
      self.optimizerSteps = optimizerSteps
    }
  }

  public var numbers = Numbers()
  /// Valid until the next call on the model.
  public var prediction = Tensor(zeros: .float32, shape: [0])

  public init() {}

  public var loss: Double {
    get { numbers.loss }
    set { numbers.loss = newValue }
  }
  public var weight: Double {
    get { numbers.weight }
    set { numbers.weight = newValue }
  }
  public var optimizerSteps: Int {
    get { numbers.optimizerSteps }
    set { numbers.optimizerSteps = newValue }
  }
}

/// The kind of answer that data asks for. Numbered as in the contract.
public enum TaskKind: Int, Sendable, Codable {
  case binary = 1
  case classes, regression, ranking

  public var name: String {
    switch self {
    case .binary: "binary"
    case .classes: "classes"
    case .regression: "regression"
    case .ranking: "ranking"
    }
  }
}

/// What the data of a run asks of a model.
public struct LearningTask: Sendable {
  public var kind: TaskKind
  /// The shape of one row's features.
  public var featureShape: [Int]
  /// Classes, or numbers in a regression target; 1 for a binary task.
  public var outputWidth: Int
  /// Two for a binary task; empty where classes have no names.
  public var classNames: [String]
  public var trainingRows: Int
  public var batchSize: Int
  public var epochs: Int
  public var threads: Int

  public init(
    kind: TaskKind, featureShape: [Int], outputWidth: Int, classNames: [String] = [], trainingRows: Int = 0,
    batchSize: Int = 0, epochs: Int = 0, threads: Int = 1
  ) {
    self.kind = kind
    self.featureShape = featureShape
    self.outputWidth = outputWidth
    self.classNames = classNames
    self.trainingRows = trainingRows
    self.batchSize = batchSize
    self.epochs = epochs
    self.threads = threads
  }
}

/// Rows on their way through a model. The loader fills a few of these over and over.
public final class Batch {
  public var pass = Pass.train { didSet { layout &+= 1 } }
  public var rows = 0 { didSet { layout &+= 1 } }
  /// Equal and not 0: the very same rows as before.
  public var dataID: UInt64 = 0 { didSet { layout &+= 1 } }
  /// The last batch of its pass over the data.
  public var endsPass = false
  /// f32, `[rows, …]`.
  public var features = Tensor(zeros: .float32, shape: [0]) { didSet { layout &+= 1 } }
  /// i32 class numbers, or f32.
  public var target: Tensor? { didSet { layout &+= 1 } }
  /// f32; `nil`: all 1.
  public var weight: Tensor? { didSet { layout &+= 1 } }
  /// i64.
  public var group: Tensor? { didSet { layout &+= 1 } }
  /// Rises when anything but `endsPass` is set: whoever has described the batch in another form has nothing to do while
  /// it stays, for a loader fills the same memory over and over.
  public private(set) var layout = 0
  /// The batch in another form, kept by whoever needs it so: a loader that reads ahead gives out several in turn.
  public var form: AnyObject?

  public init() {}
}

/// One saved value of an instance, for checkpoints.
public enum StateValue: Equatable, Sendable {
  case int(Int64)
  case float(Double)
  case bytes([UInt8])
  case tensor(type: ElementType, shape: [Int], bytes: [UInt8])
}

public typealias StateTable = [String: StateValue]
