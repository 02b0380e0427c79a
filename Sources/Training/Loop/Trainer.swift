/// Trains a model: one call of `fit` is one run.
///
///     reset all → on_train_begin
///       epoch: on_epoch_begin
///         batch: on_batch_begin → train step (→ on_optimizer_step) → on_batch_end
///         training monitors compute
///         [on_validation_begin → batches → monitors compute → on_validation_end]
///         on_epoch_end → checkpoint, if marked → stop?
///     on_train_end(outcome): for every callback whose on_train_begin ran, also after an error
///
/// The parts serve any number of runs: what `fit` resets is as new.
public final class Trainer {
  public struct Settings: Sendable {
    public var epochs = 1
    public var seed: UInt64 = 0
    /// Validate after every n-th epoch.
    public var validationEvery = 1
    /// Ends training, as finished, after so many optimizer steps.
    public var maxSteps: Int?
    /// A wanted metric that nobody produces is an error; else a warning.
    public var isStrict = true

    public init() {}
  }

  public let settings: Settings
  public let task: LearningTask
  public let model: any LoopModel
  public let metrics: MetricTable
  public let target: any RunTarget
  public let interruption: Interruption
  private let hooks: HookRunner
  private let trainingMonitors: [any LoopMonitor]
  private let validationMonitors: [any LoopMonitor]
  private let trainingData: BatchLoader
  private let validationData: BatchLoader?
  private let initialWeights: [NamedTensor]

  // What a run changes. All of it is set at the start of `fit`.
  private var result = FitResult()
  private var isInterrupted = false
  private var lossID = 0
  private var validationLossID = 0
  private let step = StepResult()

  /// - Parameters:
  ///   - trainingMonitors: One instance of each monitor for the training pass, another for validation.
  ///   - initialWeights: Assigned after the model's reset.
  public init(
    model: any LoopModel, callbacks: [LoopCallback] = [], trainingMonitors: [any LoopMonitor] = [],
    validationMonitors: [any LoopMonitor] = [], trainingData: BatchLoader, validationData: BatchLoader? = nil,
    task: LearningTask, metrics: MetricTable, settings: Settings, initialWeights: [NamedTensor] = [],
    target: any RunTarget = SilentTarget(), interruption: Interruption = Interruption()
  ) {
    self.model = model
    self.trainingMonitors = trainingMonitors
    self.validationMonitors = validationMonitors
    self.trainingData = trainingData
    self.validationData = validationData
    self.task = task
    self.metrics = metrics
    self.settings = settings
    self.initialWeights = initialWeights
    self.target = target
    self.interruption = interruption
    hooks = HookRunner(callbacks: callbacks, model: model, metrics: metrics, target: target)
    hooks.onCheckpoint = { [unowned self] in try target.checkpoint(self) }
  }

  /// Runs. Never throws: an error is in the result, after `on_exception` and `on_train_end(failed)`.
  public func fit() -> FitResult {
    let start = Stopwatch.nanoseconds()
    result = FitResult()
    isInterrupted = false
    do {
      try resetAll()
      try begin()
      try trainEpochs()
      conclude()
    } catch {
      // What names no part of its own, as a metric that nobody produces, is told as it is.
      fail(failure(error, part: "the run", call: "", epoch: hooks.frame.epoch))
    }
    trainingData.end()
    validationData?.end()
    if let failure = hooks.end(result.outcome, reason: result.reason) { blame(failure) }
    result.steps = hooks.frame.step
    result.costs = hooks.costs
    result.dropped = hooks.dropped
    result.warnings = hooks.warnings
    result.seconds = Stopwatch.seconds(since: start)
    return result
  }

  // MARK: Beginning

  /// Everything as new, before anything else.
  private func resetAll() throws {
    try hooks.reset()
    var stream = RandomStream(seed: settings.seed, name: "model")
    let seed = stream.next()
    try attempt("model '\(model.name)'", "reset") { try model.reset(seed: seed, task: task) }
    if !initialWeights.isEmpty {
      try attempt("model '\(model.name)'", "assign of the initial weights") {
        try model.assign(initialWeights)
      }
    }
    for monitor in trainingMonitors + validationMonitors {
      try attempt(monitor, "reset") { try monitor.reset() }
    }
  }

  private func begin() throws {
    lossID = metrics.declare("loss", .min, [.batch, .epoch], by: "the loop")
    if validationData != nil {
      validationLossID = metrics.declare("val_loss", .min, [.batch, .epoch], by: "the loop")
    }
    for monitor in trainingMonitors + validationMonitors {
      try attempt(monitor, "prepare") { try monitor.prepare(task) }
    }
    try hooks.begin(isStrict: settings.isStrict)
  }

  // MARK: Epochs

  private func trainEpochs() throws {
    var epoch = 0
    while epoch < settings.epochs, hooks.stop == nil, !reachedMaxSteps {
      let start = Stopwatch.nanoseconds()
      try hooks.beginEpoch(epoch)
      guard try trainBatches(epoch), try validateIfDue(epoch) else {
        isInterrupted = true
        return
      }
      for monitor in trainingMonitors where monitor.isSample { try publish(monitor) }
      try hooks.endEpoch()
      let values = hooks.epochLogs.entries.map { (metrics.names[$0.id], $0.value) }
      let seconds = Stopwatch.seconds(since: start)
      let done = Epoch(index: epoch, metrics: values, notes: hooks.notes, seconds: seconds)
      result.epochs.append(done)
      try attempt("the run's outputs", "epoch_end", epoch: epoch) { try target.epochEnded(done) }
      epoch += 1
    }
  }

  private var reachedMaxSteps: Bool { settings.maxSteps.map { hooks.frame.step >= $0 } ?? false }

  /// Returns false when the run was interrupted.
  private func trainBatches(_ epoch: Int) throws -> Bool {
    for monitor in trainingMonitors { try attempt(monitor, "pass_begin") { try monitor.passBegin(.train) } }
    let monitors = trainingMonitors.filter { !$0.isSample }
    let hasBegin = hooks.wants(.batchBegin)
    let hasEnd = hooks.wants(.batchEnd)
    let hasStep = hooks.wants(.optimizerStep)
    let logs = hooks.batchLogs
    var total = Evaluation.Total()
    try attempt("the training data", "read", epoch: epoch) { try trainingData.begin(epoch: epoch) }
    var number = 0
    while hooks.stop == nil, !reachedMaxSteps {
      if interruption.isRequested { return false }
      guard let batch = try nextBatch(epoch, number) else { break }
      hooks.enter(batch: number, examples: batch.rows)
      if hasBegin || hasEnd || hasStep { logs.clear() }
      if hasBegin { try hooks.call(.batchBegin, logs) }
      try attempt("model '\(model.name)'", "train_step", epoch: epoch, batch: number) {
        try model.trainStep(batch, step)
      }
      total.loss += step.loss * step.weight
      total.weight += step.weight
      total.rows += batch.rows
      for monitor in monitors {
        try attempt(monitor, "update") { try monitor.update(batch, prediction: step.prediction) }
      }
      hooks.count(steps: step.optimizerSteps)
      if hasStep, step.optimizerSteps > 0 { try hooks.call(.optimizerStep, logs) }
      if hasEnd {
        logs.set(lossID, step.loss)
        try hooks.call(.batchEnd, logs)
      }
      number += 1
    }
    trainingData.end()
    hooks.enter(batch: -1, examples: total.rows)
    hooks.epochLogs.set(lossID, total.mean)
    for monitor in monitors { try publish(monitor) }
    return true
  }

  @inline(__always) private func nextBatch(_ epoch: Int, _ number: Int) throws -> Batch? {
    do { return try trainingData.next() } catch {
      throw failure(error, part: "the training data", call: "read", epoch: epoch, batch: number)
    }
  }

  /// Returns false when the run was interrupted.
  private func validateIfDue(_ epoch: Int) throws -> Bool {
    guard let validationData, (epoch + 1) % max(1, settings.validationEvery) == 0 else { return true }
    try hooks.call(.validationBegin, hooks.epochLogs)
    let hasBegin = hooks.wants(.validationBatchBegin)
    let hasEnd = hooks.wants(.validationBatchEnd)
    let logs = hooks.batchLogs
    let evaluation = Evaluation(model: model, monitors: validationMonitors, pass: .validation)
    let total = try evaluation.run(validationData, epoch: epoch) { number, rows, loss in
      hooks.enter(batch: number, examples: rows)
      if let loss {
        logs.set(validationLossID, loss)
        if hasEnd { try hooks.call(.validationBatchEnd, logs) }
      } else {
        logs.clear()
        if hasBegin { try hooks.call(.validationBatchBegin, logs) }
      }
      return !interruption.isRequested
    }
    validationData.end()
    hooks.enter(batch: -1, examples: total?.rows ?? 0)
    guard let total else { return false }
    hooks.epochLogs.set(validationLossID, total.mean)
    for monitor in validationMonitors { try publish(monitor) }
    try hooks.call(.validationEnd, hooks.epochLogs)
    return true
  }

  private func publish(_ monitor: any LoopMonitor) throws {
    try attempt(monitor, "compute") { try monitor.compute() }
    try hooks.publish(monitor.effects, of: monitor.name)
  }

  // MARK: The end

  private func conclude() {
    if isInterrupted {
      result.outcome = .interrupted
      result.reason = "interrupted in epoch \(hooks.frame.epoch + 1) of \(settings.epochs)"
    } else if let stop = hooks.stop {
      result.outcome = .stopped
      result.reason = stop.reason
      result.stoppedBy = stop.by
    } else {
      result.outcome = .finished
      let epochs = result.epochs.count
      result.reason =
        reachedMaxSteps && epochs < settings.epochs
        ? "max_steps was reached, after \(hooks.frame.step) steps"
        : epochs == 1 ? "its one epoch ran" : "all \(epochs) epochs ran"
    }
  }

  private func fail(_ failure: RunFailure) {
    blame(failure)
    hooks.raise(failure)
  }

  private func blame(_ failure: RunFailure) {
    result.outcome = .failed
    result.reason = failure.description
    result.failure = failure
  }
}
