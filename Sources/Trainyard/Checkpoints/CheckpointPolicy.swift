import Training

/// When checkpoints are taken, and how many are kept: the section `checkpoints` of a pipeline.
public struct CheckpointPolicy: Sendable, Equatable {
  public var everyEpochs: Int?
  /// Optimizer steps.
  public var everySteps: Int?
  public var everySeconds: Double?
  /// The newest so many; older ones are removed.
  public var keep = 2
  /// A run that has ended leaves its last one, so that it can go on with more epochs.
  public var keepFinished = false

  /// What is done unless a pipeline says otherwise: the time since the last checkpoint counts, wherever the run is.
  public static let standardSeconds = 30.0

  public init(
    everyEpochs: Int? = nil, everySteps: Int? = nil, everySeconds: Double? = standardSeconds, keep: Int = 2,
    keepFinished: Bool = false
  ) {
    self.everyEpochs = everyEpochs
    self.everySteps = everySteps
    self.everySeconds = everySeconds
    self.keep = keep
    self.keepFinished = keepFinished
  }
}

/// Says when the next checkpoint of a run is due. It is asked in every batch.
struct CheckpointSchedule {
  let policy: CheckpointPolicy
  private let clock: () -> Int64
  private var takenAt: Int64
  private var takenAtStep: Int
  private var takenAtEpoch: Int
  private let nanoseconds: Int64?

  /// - Parameter position: Where the run begins or goes on.
  init(_ policy: CheckpointPolicy, from position: RunPosition, step: Int, clock: @escaping () -> Int64) {
    self.policy = policy
    self.clock = clock
    nanoseconds = policy.everySeconds.map { Int64(min(max(0, $0), 1e9) * 1e9) }
    takenAt = clock()
    takenAtStep = step
    takenAtEpoch = position.epoch
  }

  /// - Parameter now: Monotonic: it never jumps with the wall clock.
  func isDue(at position: RunPosition, step: Int) -> Bool {
    if let every = policy.everySteps, step &- takenAtStep >= every { return true }
    if let every = policy.everyEpochs, position.phase == .betweenEpochs,
      position.epoch &- takenAtEpoch >= every
    {
      return true
    }
    if let nanoseconds, clock() &- takenAt >= nanoseconds { return true }
    return false
  }

  mutating func taken(at position: RunPosition, step: Int) {
    takenAt = clock()
    takenAtStep = step
    if position.phase == .betweenEpochs { takenAtEpoch = position.epoch }
  }
}
