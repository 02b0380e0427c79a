/// Trains a model: one call of `fit` is one run.
///
///     reset all → on_train_begin
///       epoch: on_epoch_begin
///         batch: on_batch_begin → train step (→ on_optimizer_step) → on_batch_end
///         training monitors compute
///         [on_validation_begin → batches → monitors compute → on_validation_end]
///         epoch monitors compute
///         on_epoch_end → stop?
///     on_train_end(outcome): for every callback whose on_train_begin ran, also after an error
///
/// Checkpoints, due or marked, are taken between batches and between epochs, and a run goes on from there:
///
///     reset all → state_load of all → on_train_begin → the next batch or epoch
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
  /// Where a run goes on whose model is gone; `nil`: nowhere. Whoever answers has put back what the run has written
  /// since. Asked between a call that failed and whatever would have followed it.
  public var goBack: (Trainer) throws -> Start? = { _ in nil }

  /// Where a run begins, or goes on.
  public struct Start {
    /// `nil`: with its first epoch.
    public var state: RunState?

    public init(_ state: RunState?) { self.state = state }
  }

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
  private var canGoBack = true
  private var began: Int64 = 0
  private var epochBegan: Int64 = 0
  /// Where the run was when it could last be left, as far as anyone has asked.
  private var moment = Moment()
  /// For monitors that callbacks are about to add.
  private var stateOfAdded: [String: PartState] = [:]

  /// What a checkpoint has to know of a pass.
  private struct Moment {
    var position = RunPosition(.betweenEpochs, epoch: 0)
    var training = Evaluation.Total()
    var validation = Evaluation.Total()
  }
  private var lossID = 0
  private var validationLossID = 0
  private let step = StepResult()

  /// - Parameters:
  ///   - model: What is trained.
  ///   - callbacks: In the order in which they are called.
  ///   - trainingMonitors: One instance of each monitor for the training pass.
  ///   - validationMonitors: Another instance of each for validation.
  ///   - epochMonitors: Compute at the end of each epoch from what the others have measured, in this order; they are
  ///     given no predictions.
  ///   - trainingData: Batches to learn from.
  ///   - validationData: Batches to measure with, after epochs; `nil`: there is no validation.
  ///   - task: What the data asks of the model.
  ///   - metrics: The numbering of metrics, shared by all who name them.
  ///   - settings: How long, and from which seed.
  ///   - initialWeights: Assigned after the model's reset.
  ///   - initialParameters: Hyper-parameters set after the model's reset.
  ///   - target: Where files, lines and checkpoints go.
  ///   - interruption: Ends the run between two batches, once it is requested.
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
  }

  /// Runs. Never throws: an error is in the result, after `on_exception` and `on_train_end(failed)`.
  /// - Parameter state: Takes up the run that it is of.
  public func fit(from state: RunState? = nil) -> FitResult {
    canGoBack = true
    var start = Start(state)
    while let next = run(from: start.state) { start = next }
    return result
  }

  /// Fills `result`.
  /// - Returns: Where the run goes on, all of it as new, should its model be gone and come back.
  private func run(from state: RunState?) -> Start? {
    began = Stopwatch.nanoseconds() - Stopwatch.nanoseconds(state?.seconds ?? 0)
    result = FitResult()
    isInterrupted = false
    wasCutShort = state?.wasCutShort ?? false
    moment = Moment()
    do {
      try resetAll()
      if let state { try load(state) }
      try begin(from: state)
      result.epochs = state?.epochs ?? []
      try trainEpochs(from: state)
      try conclude()
    } catch {
      trainingData.end()
      validationData?.end()
      if let start = startAfterDeath() {
        hooks.abandon()
        return start
      }
      // What names no part of its own, as a metric that nobody produces, is told as it is.
      fail(failure(error, part: "the run", call: "", epoch: hooks.frame.epoch, batch: hooks.frame.batch))
    }
    trainingData.end()
    validationData?.end()
    if let failure = hooks.end(result.outcome, reason: result.reason) { blame(failure) }
    if let start = startAfterDeath() { return start }
    result.steps = hooks.frame.step
    result.costs = hooks.costs
    result.dropped = hooks.dropped
    result.warnings = hooks.warnings
    result.seconds = Stopwatch.seconds(since: began)
    return nil
  }

  private func startAfterDeath() -> Start? {
    guard canGoBack, model.death != nil else { return nil }
    do { if let start = try goBack(self) { return start } } catch {
      hooks.warn("the run could not go back: \(failure(error, part: "the run", call: "").description)")
    }
    canGoBack = false
    return nil
  }

  /// Optimizer steps that are done, and the epoch that is running; -1 before the first.
  public var progress: (step: Int, epoch: Int) { (hooks.frame.step, hooks.frame.epoch) }

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
    hooks.takeWords()
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

  private func begin(from state: RunState?) throws {
    (lossID, validationLossID) = Self.declareLosses(in: metrics, validates: validationData != nil)
    for monitor in monitors.all { try attempt(monitor, "prepare") { try monitor.prepare(task) } }
    // After `prepare`, which readies them for the task.
    if let state { try monitors.load(state.monitors) }
    stateOfAdded = state?.monitors ?? [:]
    try hooks.begin(isStrict: settings.isStrict, from: state)
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
    try added.load(stateOfAdded)
    monitors.add(added)
  }

  // MARK: Epochs

  private func trainEpochs(from state: RunState?) throws {
    var epoch = state?.position.epoch ?? 0
    // Within an epoch: that one is taken up first.
    var resumed = state.flatMap { $0.position.phase == .betweenEpochs ? nil : $0 }
    while resumed != nil || epoch < settings.epochs && hooks.stop == nil && !reachedMaxSteps {
      epochBegan = Stopwatch.nanoseconds() - Stopwatch.nanoseconds(resumed?.epochSeconds ?? 0)
      if resumed == nil {
        moment.position = RunPosition(.betweenEpochs, epoch: epoch)
        isInterrupted = interruption.isRequested
        if isInterrupted { return }
        try hooks.beginEpoch(epoch)
      }
      guard let trained = try trainBatches(epoch, from: resumed),
        try validateIfDue(epoch, trained, from: resumed)
      else {
        isInterrupted = true
        return
      }
      resumed = nil
      hooks.enter(batch: -1, examples: trained.rows)
      for monitor in monitors.training where monitor.isSample { try publish(monitor) }
      for monitor in monitors.epoch { try publish(monitor) }
      try hooks.endEpoch()
      let values = metrics.named(hooks.epochLogs)
      let seconds = Stopwatch.seconds(since: epochBegan)
      let done = Epoch(index: epoch, metrics: values, notes: hooks.notes, seconds: seconds)
      result.epochs.append(done)
      try attempt("the run's outputs", "epoch_end", epoch: epoch) { try target.epochEnded(done) }
      if let (reason, party) = afterEpoch(done) { hooks.stop(because: reason, by: party) }
      epoch += 1
      try checkpointIfDue(RunPosition(.betweenEpochs, epoch: epoch))
    }
    moment.position = isInterrupted ? moment.position : RunPosition(.betweenEpochs, epoch: epoch)
  }

  private var reachedMaxSteps: Bool { settings.maxSteps.map { hooks.frame.step >= $0 } ?? false }

  /// Returns the sums of the pass, or `nil` when the run was interrupted.
  private func trainBatches(_ epoch: Int, from state: RunState?) throws -> Evaluation.Total? {
    // The pass was over: its monitors have computed, and their values are there.
    if let state, state.position.phase == .validation { return state.training }
    if state == nil {
      for monitor in monitors.training {
        try attempt(monitor, "pass_begin") { try monitor.passBegin(.train) }
      }
    }
    let monitors = monitors.training.filter { !$0.isSample }
    let hasBegin = hooks.wants(.batchBegin)
    let hasEnd = hooks.wants(.batchEnd)
    let hasStep = hooks.wants(.optimizerStep)
    let logs = hooks.batchLogs
    let words = model.words
    var total = state?.training ?? Evaluation.Total()
    try attempt("the training data", "read", epoch: epoch) {
      try trainingData.begin(epoch: epoch, startBatch: total.batches)
    }
    while hooks.stop == nil, !reachedMaxSteps {
      if try isLeft(RunPosition(.training, epoch: epoch, batch: total.batches), training: total) {
        return nil
      }
      guard let batch = try nextBatch(epoch, total.batches) else { break }
      let number = total.batches
      let rows = batch.rows
      hooks.enter(batch: number, examples: rows)
      if hasBegin || hasEnd || hasStep { logs.clear() }
      if hasBegin { try hooks.call(.batchBegin, logs) }
      try attempt("model '\(model.name)'", "train_step", epoch: epoch, batch: number) {
        try model.trainStep(batch, step)
      }
      if let words, !words.isEmpty { hooks.takeWords() }
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
      total.batches += 1
    }
    wasCutShort = reachedMaxSteps && total.batches < trainingData.batchCount
    trainingData.end()
    hooks.enter(batch: -1, examples: total.rows)
    // A callback stopped the run before the epoch's first batch: there is nothing to tell.
    guard total.batches > 0 else { return total }
    hooks.epochLogs.set(lossID, total.mean)
    for monitor in monitors { try publish(monitor) }
    return total
  }

  @inline(__always) private func nextBatch(_ epoch: Int, _ number: Int) throws -> Batch? {
    do { return try trainingData.next() } catch {
      throw failure(error, part: "the training data", call: "read", epoch: epoch, batch: number)
    }
  }

  /// Returns false when the run was interrupted.
  private func validateIfDue(_ epoch: Int, _ trained: Evaluation.Total, from state: RunState?) throws -> Bool
  {
    guard let validationData, (epoch + 1) % max(1, settings.validationEvery) == 0 else { return true }
    let start = state?.position.phase == .validation ? state?.validation : nil
    hooks.enter(batch: -1, examples: 0)
    if start == nil { try hooks.call(.validationBegin, hooks.epochLogs) }
    let hasBegin = hooks.wants(.validationBatchBegin)
    let hasEnd = hooks.wants(.validationBatchEnd)
    let logs = hooks.batchLogs
    let evaluation = Evaluation(model: model, monitors: monitors.validation, pass: .validation)
    let total = try evaluation.run(validationData, epoch: epoch, from: start) { done in
      let position = RunPosition(.validation, epoch: epoch, batch: done.batches)
      return try !isLeft(position, training: trained, validation: done)
    } around: { number, rows, loss in
      hooks.enter(batch: number, examples: rows)
      if let loss {
        logs.set(validationLossID, loss)
        if hasEnd { try hooks.call(.validationBatchEnd, logs) }
      } else {
        logs.clear()
        if hasBegin { try hooks.call(.validationBatchBegin, logs) }
      }
    }
    validationData.end()
    hooks.takeWords()
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
    hooks.takeWords()
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

  private func conclude() throws {
    if isInterrupted {
      // Before anyone is told: what callbacks do at the end is no part of a run that will go on.
      try checkpoint(because: .interrupted)
      result.outcome = .interrupted
      let epoch = hooks.frame.epoch + 1
      let isBetween = epoch == result.epochs.count
      let place =
        isBetween ? (epoch == 0 ? "before the first epoch" : "after epoch \(epoch)") : "in epoch \(epoch)"
      result.reason = "interrupted \(place) of \(settings.epochs)"
      return
    }
    try checkpoint(because: .ended)
    if let stop = hooks.stop {
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

// MARK: - Checkpoints

extension Trainer {
  /// All that the run needs to go on from here; for `RunTarget.checkpoint`, while it lasts.
  public func state() throws -> RunState {
    var state = RunState()
    state.position = moment.position
    state.seed = settings.seed
    state.seconds = Stopwatch.seconds(since: began)
    state.epochs = result.epochs
    state.wasCutShort = wasCutShort
    if moment.position.phase != .betweenEpochs {
      state.epochSeconds = Stopwatch.seconds(since: epochBegan)
      state.training = moment.training
      state.validation = moment.validation
    }
    try hooks.save(in: &state)
    for (key, monitor) in monitors.named {
      try attempt(monitor, "state_save") { state.monitors[key] = try monitor.save() }
    }
    try attempt("model '\(model.name)'", "state_save") {
      state.model = try model.save()
      // It may have gone while it was asked for what it need not have, such as a hyper-parameter.
      if let death = model.death { throw death }
    }
    return state
  }

  public var position: RunPosition { moment.position }

  /// Monitors that can be taken up between epochs only, by name.
  public var monitorsWithoutState: [String] {
    var names: [String] = []
    for monitor in monitors.all where !monitor.resumesWithinPass && !names.contains(monitor.name) {
      names.append(monitor.name)
    }
    return names
  }

  /// Slots before the model: where it keeps snapshots itself, they pass through its weights.
  private func load(_ state: RunState) throws {
    moment.position = state.position
    try hooks.loadCallbacks(state)
    try attempt("model '\(model.name)'", "state_load") { try model.load(state.model) }
  }

  /// Where the run can be left within an epoch: whether it has to be.
  @inline(__always) private func isLeft(
    _ position: RunPosition, training: Evaluation.Total,
    validation: @autoclosure () -> Evaluation.Total = Evaluation.Total()
  ) throws -> Bool {
    let isInterrupted = interruption.isRequested
    let isMarked = hooks.takeCheckpointMark()
    guard isInterrupted || isMarked || target.isCheckpointDue(at: position, step: hooks.frame.step) else {
      return false
    }
    moment = Moment(position: position, training: training, validation: validation())
    if !isInterrupted { try checkpoint(because: isMarked ? .marked : .due) }
    return isInterrupted
  }

  private func checkpointIfDue(_ position: RunPosition) throws {
    moment = Moment(position: position)
    let isMarked = hooks.takeCheckpointMark()
    guard isMarked || target.isCheckpointDue(at: position, step: hooks.frame.step) else { return }
    try checkpoint(because: isMarked ? .marked : .due)
  }

  private func checkpoint(because reason: CheckpointReason) throws {
    try attempt("the checkpoint", "write", epoch: hooks.frame.epoch) {
      try target.checkpoint(self, because: reason)
    }
  }
}
