/// What became of a replay, and of the weight and the hyper-parameters in it.
public struct ReplayResult: Sendable {
  /// The first request to stop, and where it was made.
  public struct Stop: Sendable, Equatable {
    public var epoch: Int
    /// `nil`: at an epoch's end.
    public var batch: Int?
    public var reason: String
    public var by: String

    public init(epoch: Int, batch: Int?, reason: String, by: String) {
      self.epoch = epoch
      self.batch = batch
      self.reason = reason
      self.by = by
    }
  }

  public var outcome = Outcome.running
  public var reason = ""
  public var stop: Stop?
  public var failure: RunFailure?
  /// Complete epochs.
  public var epochs: [ReplayedEpoch] = []
  /// Where it was asked for.
  public var batches: [ReplayedBatch] = []
  public var steps = 0
  /// After the end of training: callbacks may have brought back earlier weights.
  public var finalWeight = 0.0
  public var finalParameters: Recording.Values = []
  public var warnings: [String] = []
  /// Where the values of the weight come from: the epoch, and the batch if batches were recorded.
  public var origins: [Double: (epoch: Int, batch: Int?)] = [:]

  public init() {}
}

/// The weight and the hyper-parameters in the course of one epoch.
public struct ReplayedEpoch: Sendable {
  /// From 0.
  public var index: Int
  public var weightAtBegin = 0.0
  public var weightTrained = 0.0
  /// While validation ran, if it did.
  public var weightInValidation: Double?
  public var weightAtEnd = 0.0
  /// Those that the epoch was trained with.
  public var parameters: Recording.Values = []
  public var parametersAtEnd: Recording.Values = []

  public init(index: Int) { self.index = index }
}

/// The same for one batch.
public struct ReplayedBatch: Sendable {
  public var epoch: Int
  public var batch: Int
  /// Optimizer steps done before it.
  public var step: Int
  /// Those that the batch was trained with.
  public var parameters: Recording.Values = []
  /// After all hooks of the batch.
  public var weight = 0.0
  /// The first snapshot that a callback keeps, after all hooks of the batch.
  public var snapshot: Double?

  public init(epoch: Int, batch: Int, step: Int) {
    self.epoch = epoch
    self.batch = batch
    self.step = step
  }
}
