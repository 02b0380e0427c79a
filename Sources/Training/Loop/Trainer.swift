/// Trains a model: one call of `fit` is one run.
///
///     reset all → on_train_begin
///       epoch: on_epoch_begin
///         batch: on_batch_begin → train step (→ on_optimizer_step) → on_batch_end
///         training monitors compute
///         [on_validation_begin → batches → monitors compute → on_validation_end]
///         epoch monitors compute
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
  private let ownMonitors: MonitorSet
  /// Monitors that callbacks have asked for by the time that every `on_train_begin` has run; asked once a run.
  public var addedMonitors: () throws -> MonitorSet = { MonitorSet() }
  /// Called when an epoch is complete, from outside of the run; may ask to stop, and says who asks.
  public var afterEpoch: (Epoch) -> (reason: String, by: String)? = { _ in nil }
  private let trainingData: BatchLoader
  private let validationData: BatchLoader?
  private let initialWeights: [NamedTensor]
  private let initialParameters: [(name: String, value: Double)]

  // What a run changes. All of it is set at the start of `fit`.
  private var monitors = MonitorSet()
  private var result = FitResult()
  private var isInterrupted = false
  /// `max_steps` ended the last epoch before its data did.
  private var wasCutShort = false
  private var lossID = 0
  private var validationLossID = 0
  private let step = StepResult()

  /// - Parameters:
  ///   - trainingMonitors: One instance of each monitor for the training pass, another for validation.
  ///   - epochMonitors: Compute at the end of each epoch from what the others have measured, in this order; they are
  ///     given no predictions.
  ///   - initialWeights: Assigned after the model's reset.
  ///   - initialParameters: Hyper-parameters set after the model's reset.
  public init(
    model: any LoopModel, callbacks: [LoopCallback] = [], trainingMonitors: [any LoopMonitor] = [],
    validationMonitors: [any LoopMonitor] = [], epochMonitors: [any LoopMonitor] = [],
    trainingData: BatchLoader, validationData: BatchLoader? = nil,
    task: LearningTask, metrics: MetricTable, settings: Settings, initialWeights: [NamedTensor] = [],
    initialParameters: [(name: String, value: Double)] = [],
    target: any RunTarget = SilentTarget(), interruption: Interruption = Interruption()
  ) {
    self.model = model
    ownMonitors = MonitorSet(training: trainingMonitors, validation: validationMonitors, epoch: epochMonitors)
    self.trainingData = trainingData
    self.validationData = validationData
    self.task = task
    self.metrics = metrics
    self.settings = settings
    self.initialWeights = initialWeights
    self.initialParameters = initialParameters
    self.target = target
    self.interruption = interruption
    hooks = HookRunner(callbacks: callbacks, model: model, metrics: metrics, target: target)
    hooks.beforeFreeze = { [unowned self] in try takeAddedMonitors() }
    hooks.onCheckpoint = { [unowned self] in try target.checkpoint(self) }
  }

  /// Runs. Never throws: an error is in the result, after `on_exception` and `on_train_end(failed)`.
  public func fit() -> FitResult {
    let start = Stopwatch.nanoseconds()
    result = FitResult()
    isInterrupted = false
    wasCutShort = false
    do {
      try resetAll()
      try begin()
      try trainEpochs()
      conclude()
    } catch {
      // What names no part of its own, as a metric that nobody produces, is told as it is.
      fail(failure(error, part: "the run", call: "", epoch: hooks.frame.epoch, batch: hooks.frame.batch))
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

  /// What a model is reset with in a run of this seed.
  public static func modelSeed(_ seed: UInt64) -> UInt64 {
    var stream = RandomStream(seed: seed, name: "model")
    return stream.next()
  }

  /// Everything as new, before anything else.
  private func resetAll() throws {
    try hooks.reset()
    let seed = Self.modelSeed(settings.seed)
    try attempt("model '\(model.name)'", "reset") { try model.reset(seed: seed, task: task) }
    monitors = ownMonitors
    for monitor in monitors.all { try attempt(monitor, "reset") { try monitor.reset() } }
    if !initialWeights.isEmpty {
      try attempt("model '\(model.name)'", "assign of the initial weights") {
        try model.assign(initialWeights)
      }
    }
    for (name, value) in initialParameters {
      try attempt("model '\(model.name)'", "set of '\(name)'") { try model.setParameter(name, value) }
    }
  }

  private func begin() throws {
    (lossID, validationLossID) = Self.declareLosses(in: metrics, validates: validationData != nil)
    for monitor in monitors.all { try attempt(monitor, "prepare") { try monitor.prepare(task) } }
    try hooks.begin(isStrict: settings.isStrict)
    for monitor in monitors.all { try attempt(monitor, "begin") { try monitor.begin(hooks) } }
  }

  /// Declares what the loop itself measures; gives the ids. Without validation there is no second one.
  @discardableResult
  public static func declareLosses(in metrics: MetricTable, validates: Bool) -> (
    loss: Int, validationLoss: Int
  ) {
    let loss = metrics.declare("loss", .min, [.batch, .epoch], by: "the loop")
    return (loss, validates ? metrics.declare("val_loss", .min, [.batch, .epoch], by: "the loop") : -1)
  }

  private func takeAddedMonitors() throws {
    let added = try addedMonitors()
    for monitor in added.all {
      try attempt(monitor, "reset") { try monitor.reset() }
      try attempt(monitor, "prepare") { try monitor.prepare(task) }
    }
    monitors.add(added)
  }

  // MARK: Epochs

  private func trainEpochs() throws {
    var epoch = 0
    while epoch < settings.epochs, hooks.stop == nil, !reachedMaxSteps {
      let start = Stopwatch.nanoseconds()
      isInterrupted = interruption.isRequested
      if isInterrupted { return }
      try hooks.beginEpoch(epoch)
      guard let rows = try trainBatches(epoch), try validateIfDue(epoch) else {
        isInterrupted = true
        return
      }
      hooks.enter(batch: -1, examples: rows)
      for monitor in monitors.training where monitor.isSample { try publish(monitor) }
      for monitor in monitors.epoch { try publish(monitor) }
      try hooks.endEpoch()
      let values = metrics.named(hooks.epochLogs)
      let seconds = Stopwatch.seconds(since: start)
      let done = Epoch(index: epoch, metrics: values, notes: hooks.notes, seconds: seconds)
      result.epochs.append(done)
      try attempt("the run's outputs", "epoch_end", epoch: epoch) { try target.epochEnded(done) }
      if let (reason, party) = afterEpoch(done) { hooks.stop(because: reason, by: party) }
      epoch += 1
    }
  }

  private var reachedMaxSteps: Bool { settings.maxSteps.map { hooks.frame.step >= $0 } ?? false }

  /// Returns the number of rows, or `nil` when the run was interrupted.
  private func trainBatches(_ epoch: Int) throws -> Int? {
    for monitor in monitors.training { try attempt(monitor, "pass_begin") { try monitor.passBegin(.train) } }
    let monitors = monitors.training.filter { !$0.isSample }
    let hasBegin = hooks.wants(.batchBegin)
    let hasEnd = hooks.wants(.batchEnd)
    let hasStep = hooks.wants(.optimizerStep)
    let logs = hooks.batchLogs
    var total = Evaluation.Total()
    try attempt("the training data", "read", epoch: epoch) { try trainingData.begin(epoch: epoch) }
    var number = 0
    while hooks.stop == nil, !reachedMaxSteps {
      if interruption.isRequested { return nil }
      guard let batch = try nextBatch(epoch, number) else { break }
      let rows = batch.rows
      hooks.enter(batch: number, examples: rows)
      if hasBegin || hasEnd || hasStep { logs.clear() }
      if hasBegin { try hooks.call(.batchBegin, logs) }
      try attempt("model '\(model.name)'", "train_step", epoch: epoch, batch: number) {
        try model.trainStep(batch, step)
      }
      let numbers = step.numbers
      total.loss += numbers.loss * numbers.weight
      total.weight += numbers.weight
      total.rows += rows
      for monitor in monitors {
        try attempt(monitor, "update") { try monitor.update(batch, prediction: step.prediction) }
      }
      hooks.count(steps: numbers.optimizerSteps)
      if hasStep, numbers.optimizerSteps > 0 { try hooks.call(.optimizerStep, logs) }
      if hasEnd {
        logs.set(lossID, numbers.loss)
        try hooks.call(.batchEnd, logs)
      }
      number += 1
    }
    wasCutShort = reachedMaxSteps && number < trainingData.batchCount
    trainingData.end()
    hooks.enter(batch: -1, examples: total.rows)
    // A callback stopped the run before the epoch's first batch: there is nothing to tell.
    guard number > 0 else { return 0 }
    hooks.epochLogs.set(lossID, total.mean)
    for monitor in monitors { try publish(monitor) }
    return total.rows
  }

  @inline(__always) private func nextBatch(_ epoch: Int, _ number: Int) throws -> Batch? {
    do { return try trainingData.next() } catch {
      throw failure(error, part: "the training data", call: "read", epoch: epoch, batch: number)
    }
  }

  /// Returns false when the run was interrupted.
  private func validateIfDue(_ epoch: Int) throws -> Bool {
    guard let validationData, (epoch + 1) % max(1, settings.validationEvery) == 0 else { return true }
    hooks.enter(batch: -1, examples: 0)
    try hooks.call(.validationBegin, hooks.epochLogs)
    let hasBegin = hooks.wants(.validationBatchBegin)
    let hasEnd = hooks.wants(.validationBatchEnd)
    let logs = hooks.batchLogs
    let evaluation = Evaluation(model: model, monitors: monitors.validation, pass: .validation)
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
    for monitor in monitors.validation { try publish(monitor) }
    try hooks.call(.validationEnd, hooks.epochLogs)
    return true
  }

  private func publish(_ monitor: any LoopMonitor) throws {
    try attempt(monitor, "compute") { try monitor.compute() }
    try hooks.publish(monitor.effects, of: monitor.name)
  }

  // MARK: The end

  /// Measures the model as the run has left it on the validation data: the loss and what the monitors of that pass
  /// make of it. After `fit`, and while nothing that it was given has been used for another run.
  /// - Parameter onPrediction: Given each batch and its predictions, valid until it returns.
  public func validate(onPrediction: (Batch, Tensor) throws -> Void) throws -> [(name: String, value: Double)]
  {
    guard let validationData else { return [] }
    let measured = Logs(capacity: metrics.count)
    let evaluation = Evaluation(model: model, monitors: monitors.validation, pass: .validation)
    let total = try evaluation.run(
      validationData, epoch: max(0, hooks.frame.epoch), onPrediction: onPrediction)
    validationData.end()
    if let total { measured.set(validationLossID, total.mean) }
    for monitor in monitors.validation {
      defer { monitor.effects.removeAll() }
      try attempt(monitor, "compute") { try monitor.compute() }
      for case .publish(let id, let value) in monitor.effects.effects { measured.set(id, value) }
    }
    return metrics.named(measured)
  }

  /// Lets go of the snapshots that callbacks keep of the model: the next run may have another.
  public func dropSlots() throws { try hooks.dropSlots() }

  private func conclude() {
    if isInterrupted {
      result.outcome = .interrupted
      let epoch = hooks.frame.epoch + 1
      let isBetween = epoch == result.epochs.count
      let place =
        isBetween ? (epoch == 0 ? "before the first epoch" : "after epoch \(epoch)") : "in epoch \(epoch)"
      result.reason = "interrupted \(place) of \(settings.epochs)"
    } else if let stop = hooks.stop {
      result.outcome = .stopped
      result.reason = stop.reason
      result.stoppedBy = stop.by
    } else {
      result.outcome = .finished
      let epochs = result.epochs.count
      if wasCutShort || epochs < settings.epochs {
        result.reason = "max_steps was reached, after \(hooks.frame.step) steps"
      } else {
        result.reason = epochs == 1 ? "the one epoch ran" : "all \(epochs) epochs ran"
      }
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
