import CTrainyard

/// The kind of answer that the data asks for.
public enum TaskKind: UInt32, Sendable, Codable {
  /// One probability: `[n]`.
  case binary = 1
  /// A probability for each class: `[n, classes]`.
  case classes
  /// Numbers: `[n]` or `[n, width]`.
  case regression
  /// Scores within groups: `[n]`.
  case ranking
}

/// Which pass over data is running.
public enum Pass: UInt32, Sendable {
  case train, validation, evaluate, predict
}

/// What the data of a run asks of a model, and what a monitor may expect.
public struct TaskDescription: Sendable {
  public var kind: TaskKind
  /// The shape of one row's features.
  public var featureShape: [Int]
  /// Classes, or numbers in a regression target.
  public var outputWidth: Int
  /// Empty where there are none.
  public var classNames: [String]
  public var trainingRows: Int
  public var batchSize: Int
  public var epochs: Int
  /// Threads that the model may use.
  public var threads: Int

  public var featureCount: Int { featureShape.reduce(1, *) }

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

/// Rows on their way through a model.
public struct Batch {
  public var pass: Pass
  public var rows: Int
  /// Equal and not 0: the very same rows as before.
  public var dataID: UInt64
  /// The last batch of its pass over the data: a step that gradients are accumulated for is due.
  public var endsPass = false
  /// f32, `[rows, …]`, contiguous.
  public var features: TensorView
  /// i32 class numbers, or f32; `nil` in a predict pass.
  public var target: TensorView?
  /// f32; `nil`: all 1.
  public var weight: TensorView?
  /// i64; for ranking.
  public var group: TensorView?

  public init(
    pass: Pass, rows: Int, dataID: UInt64 = 0, features: TensorView, target: TensorView? = nil,
    weight: TensorView? = nil, group: TensorView? = nil
  ) {
    self.pass = pass
    self.rows = rows
    self.dataID = dataID
    self.features = features
    self.target = target
    self.weight = weight
    self.group = group
  }
}
