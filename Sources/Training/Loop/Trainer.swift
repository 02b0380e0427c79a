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
  let callbacks: CallbackList
  let trainingMonitors: [any LoopMonitor]
  let validationMonitors: [any LoopMonitor]
  let trainingData: BatchLoader
  let validationData: BatchLoader?
  private let initialWeights: [NamedTensor]

  // What a run changes. All of it is set at the start of `fit`.
  public private(set) var frame = EventFrame()
  private var result = FitResult()
  private var slots: WeightSlots
  private var batchLogs = Logs(capacity: 0)
  private var epochLogs = Logs(capacity: 0)
  private var notes: [Note] = []
  private var stop: (reason: String, by: String)?
  private var isInterrupted = false
  private var checkpointIsMarked = false
  private var begun: [LoopCallback] = []
  private var lossID = 0
  private var validationLossID = 0
  private let step = StepResult()

  /// - Parameters:
  ///   - monitors: One instance for the training pass and one for validation, of each.
  ///   - initialWeights: Assigned after the model's reset.
  public init(
    model: any LoopModel, callbacks: [LoopCallback] = [], trainingMonitors: [any LoopMonitor] = [],
    validationMonitors: [any LoopMonitor] = [], trainingData: BatchLoader, validationData: BatchLoader? = nil,
    task: LearningTask, metrics: MetricTable, settings: Settings, initialWeights: [NamedTensor] = [],
    target: any RunTarget = SilentTarget(), interruption: Interruption = Interruption()
  ) {
    self.model = model
    self.callbacks = CallbackList(callbacks)
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
    slots = WeightSlots(model: model)
  }

  /// Runs. Never throws: an error is in the result, after `on_exception` and `on_train_end(failed)`.
  public func fit() -> FitResult {
    let start = Stopwatch.nanoseconds()
    callbacks.apply = { [unowned self] in try applyEffects(of: $0, in: $1) }
    callbacks.onDrop = { [unowned self] callback, failure in
      begun.removeAll { $0 === callback }
      target.log(.warning, "\(failure); training goes on without it", from: callback.name)
    }
    do {
      try resetAll()
      try begin()
      try trainEpochs()
      conclude()
    } catch {
      fail(failure(error, part: "the run", call: "fit", epoch: frame.epoch))
    }
    end()
    metrics.endRun()
    result.steps = frame.step
    result.costs = callbacks.measured
    result.dropped = callbacks.dropped
    result.seconds = Stopwatch.seconds(since: start)
    return result
  }

  // MARK: Beginning

  /// Everything as new, before anything else.
  private func resetAll() throws {
    frame = EventFrame()
    result = FitResult()
    notes = []
    stop = nil
    isInterrupted = false
    checkpointIsMarked = false
    begun = []
    metrics.beginRun()
    for callback in callbacks.active {
      try slots.dropAll(of: callback)
      try attempt("callback '\(callback.name)'", "reset") { try callback.reset() }
    }
    slots = WeightSlots(model: model)
    var stream = RandomStream(seed: settings.seed, name: "model")
    let seed = stream.next()
    try attempt("model '\(model.name)'", "reset") { try model.reset(seed: seed, task: task) }
    if !initialWeights.isEmpty {
      try attempt("model '\(model.name)'", "assign of the initial weights") { try model.assign(initialWeights) }
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
    frame.logs = Logs(capacity: 0)
    frame.hook = .trainBegin
    record()
    for callback in callbacks.active {
      begun.append(callback)
      guard callback.hooks.contains(.trainBegin) else { continue }
      try callTrainBegin(callback)
    }
    try freezeMetrics()
    batchLogs = Logs(capacity: metrics.count)
    epochLogs = Logs(capacity: metrics.count)
    try checkpointIfMarked()
  }

  private func callTrainBegin(_ callback: LoopCallback) throws {
    guard let error = callbacks.callAlone(callback, .trainBegin, touched()) else { return }
    begun.removeLast()
    try callbacks.failed(callback, .trainBegin, frame, error)
  }

  /// Nobody may watch what nobody publishes.
  private func freezeMetrics() throws {
    let unmet = metrics.unmetWants
    let available = metrics.declared.filter { $0.declaration.phase.contains(.epoch) }.map(\.name)
    let required = unmet.filter { !$0.isOptional && settings.isStrict }
    guard required.isEmpty else {
      throw UnknownMetrics(unknown: required.map { ($0.name, $0.reader) }, available: available)
    }
    for want in unmet {
      let list = available.joined(separator: ", ")
      let text = "\(want.reader) watches '\(want.name)', which this run does not produce; it produces \(list)"
      result.warnings.append(text)
      target.log(.warning, text, from: want.reader)
    }
  }

  // MARK: Epochs

  private func trainEpochs() throws {
    var epoch = 0
    while epoch < settings.epochs, stop == nil, !isInterrupted, !reachedMaxSteps {
      let start = Stopwatch.nanoseconds()
      frame.epoch = epoch
      frame.batch = -1
      frame.examples = 0
      epochLogs.clear()
      notes.removeAll(keepingCapacity: true)
      try call(.epochBegin, epochLogs)
      guard try trainBatches(epoch) else { return }
      if validationData != nil, (epoch + 1) % max(1, settings.validationEvery) == 0 {
        guard try validate(epoch) else { return }
      }
      try publishSamples()
      frame.notes = notes
      try call(.epochEnd, epochLogs)
      frame.notes = []
      let done = Epoch(
        index: epoch, metrics: epochLogs.entries.map { (metrics.names[$0.id], $0.value) }, notes: notes,
        seconds: Stopwatch.seconds(since: start))
      result.epochs.append(done)
      try attempt("the run's outputs", "epoch_end", epoch: epoch) { try target.epochEnded(done) }
      epoch += 1
    }
  }

  private var reachedMaxSteps: Bool { settings.maxSteps.map { frame.step >= $0 } ?? false }

  /// Returns false when the run was interrupted.
  private func trainBatches(_ epoch: Int) throws -> Bool {
    for monitor in trainingMonitors { try attempt(monitor, "pass_begin") { try monitor.passBegin(.train) } }
    let hasMonitors = trainingMonitors.contains { !$0.isSample }
    let hasBegin = callbacks.wants(.batchBegin)
    let hasEnd = callbacks.wants(.batchEnd)
    let hasStep = callbacks.wants(.optimizerStep)
    var total = Evaluation.Total()
    try attempt("the training data", "read", epoch: epoch) { try trainingData.begin(epoch: epoch) }
    var number = 0
    while stop == nil, !reachedMaxSteps {
      if interruption.isRequested {
        isInterrupted = true
        return false
      }
      var next: Batch?
      try attempt("the training data", "read", epoch: epoch, batch: number) { next = try trainingData.next() }
      guard let batch = next else { break }
      frame.batch = number
      frame.examples = batch.rows
      if hasBegin || hasEnd || hasStep { batchLogs.clear() }
      if hasBegin { try call(.batchBegin, batchLogs) }
      try attempt("model '\(model.name)'", "train_step", epoch: epoch, batch: number) {
        try model.trainStep(batch, step)
      }
      total.loss += step.loss * step.weight
      total.weight += step.weight
      total.rows += batch.rows
      if hasMonitors { try update(batch) }
      frame.step += step.optimizerSteps
      if hasStep, step.optimizerSteps > 0 { try call(.optimizerStep, batchLogs) }
      if hasEnd {
        batchLogs.set(lossID, step.loss)
        try call(.batchEnd, batchLogs)
      }
      number += 1
    }
    trainingData.end()
    frame.batch = -1
    frame.examples = total.rows
    epochLogs.set(lossID, total.mean)
    for monitor in trainingMonitors where !monitor.isSample { try publish(monitor) }
    return true
  }

  private func update(_ batch: Batch) throws {
    for monitor in trainingMonitors where !monitor.isSample {
      try attempt(monitor, "update") { try monitor.update(batch, prediction: step.prediction) }
    }
  }

  /// Returns false when the run was interrupted.
  private func validate(_ epoch: Int) throws -> Bool {
    guard let validationData else { return true }
    try call(.validationBegin, epochLogs)
    let hasBegin = callbacks.wants(.validationBatchBegin)
    let hasEnd = callbacks.wants(.validationBatchEnd)
    let evaluation = Evaluation(model: model, monitors: validationMonitors, pass: .validation)
    let total = try evaluation.run(validationData, epoch: epoch) { number, rows, loss in
      guard hasBegin || hasEnd else { return !interruption.isRequested }
      frame.batch = number
      frame.examples = rows
      if let loss {
        batchLogs.set(validationLossID, loss)
        if hasEnd { try call(.validationBatchEnd, batchLogs) }
      } else {
        batchLogs.clear()
        if hasBegin { try call(.validationBatchBegin, batchLogs) }
      }
      return !interruption.isRequested
    }
    validationData.end()
    frame.batch = -1
    guard let total else {
      isInterrupted = true
      return false
    }
    frame.examples = total.rows
    epochLogs.set(validationLossID, total.mean)
    for monitor in validationMonitors { try publish(monitor) }
    try call(.validationEnd, epochLogs)
    return true
  }

  private func publishSamples() throws {
    for monitor in trainingMonitors where monitor.isSample { try publish(monitor) }
  }

  private func publish(_ monitor: any LoopMonitor) throws {
    try attempt(monitor, "compute") { try monitor.compute() }
    for effect in monitor.effects.effects { try apply(effect, of: monitor.name, slotsOf: nil, logs: epochLogs) }
    monitor.effects.removeAll()
  }

  // MARK: Hooks and effects

  private func touched() -> EventFrame {
    frame.serial &+= 1
    return frame
  }

  @inline(__always) private func call(_ hook: Hook, _ logs: Logs) throws {
    frame.hook = hook
    frame.logs = logs
    if !hook.isPerBatch || target.records(hook) { record() }
    if callbacks.wants(hook) { try callbacks.call(hook, touched()) }
    if checkpointIsMarked { try checkpointIfMarked() }
  }

  private func record() {
    if target.records(frame.hook) { target.record(frame) }
  }

  private func applyEffects(of callback: LoopCallback, in hook: Hook) throws {
    let effects = callback.effects.effects
    if target.records(hook) { target.record(effects, by: callback.name, in: hook) }
    for effect in effects { try apply(effect, of: callback.name, slotsOf: callback, logs: frame.logs) }
  }

  private func apply(
    _ effect: Effect, of part: String, slotsOf callback: LoopCallback?, logs: Logs
  ) throws {
    switch effect {
    case .publish(let metric, let value): logs.set(metric, value)
    case .note(let note): notes.append(note)
    case .stop(let reason): if stop == nil { stop = (reason, part) }
    case .log(let level, let text): target.log(level, text, from: part)
    case .status(let text): target.status(text, from: part)
    case .assignWeights(let weights): try model.assign(weights)
    case .setParameter(let name, let value): try model.setParameter(name, value)
    case .saveWeights(let path): try target.saveWeights(try model.weights(), to: path)
    case .markCheckpoint: checkpointIsMarked = true
    case .startFile(let path): try target.startFile(path)
    case .appendFile(let path, let bytes): try target.appendFile(path, bytes)
    case .removeFile(let path): try target.removeFile(path)
    case .takeSlot, .restoreSlot, .swapSlot, .blendSlot, .dropSlot:
      guard let callback else { throw LoopError("a monitor has no slots") }
      try applySlot(effect, of: callback)
    }
  }

  private func applySlot(_ effect: Effect, of callback: LoopCallback) throws {
    switch effect {
    case .takeSlot(let slot): try slots.take(try checked(slot), of: callback)
    case .restoreSlot(let slot): try slots.restore(try checked(slot), of: callback)
    case .swapSlot(let slot): try slots.swap(try checked(slot), of: callback)
    case .dropSlot(let slot): try slots.drop(try checked(slot), of: callback)
    case .blendSlot(let slot, let slotScale, let weightScale):
      try slots.blend(try checked(slot), of: callback, slotScale: slotScale, weightScale: weightScale)
    default: break
    }
  }

  private func checked(_ slot: Int) throws -> Int {
    guard (0..<WeightSlots.count).contains(slot) else {
      throw LoopError("slot \(slot) does not exist: slots are numbered 0 to \(WeightSlots.count - 1)")
    }
    return slot
  }

  private func checkpointIfMarked() throws {
    guard checkpointIsMarked else { return }
    checkpointIsMarked = false
    try attempt("the checkpoint", "write", epoch: frame.epoch) { try target.checkpoint(self) }
  }

  // MARK: The end

  private func conclude() {
    if isInterrupted {
      result.outcome = .interrupted
      result.reason = "interrupted in epoch \(frame.epoch)"
    } else if let stop {
      result.outcome = .stopped
      result.reason = stop.reason
      result.stoppedBy = stop.by
    } else {
      result.outcome = .finished
      let epochs = result.epochs.count
      result.reason =
        reachedMaxSteps && epochs < settings.epochs
        ? "max_steps reached after \(frame.step) steps" : "all \(epochs) epochs ran"
    }
  }

  private func fail(_ failure: RunFailure) {
    result.outcome = .failed
    result.reason = failure.description
    result.failure = failure
    frame.text = failure.description
    frame.hook = .exception
    frame.logs = epochLogs
    for callback in begun {
      if let error = callbacks.callAlone(callback, .exception, touched()) { warn(callback, .exception, error) }
    }
  }

  /// Told to every callback that began, in order, whatever happened.
  private func end() {
    trainingData.end()
    validationData?.end()
    frame.outcome = result.outcome
    frame.text = result.reason
    frame.hook = .trainEnd
    frame.batch = -1
    frame.logs = epochLogs
    record()
    for callback in begun {
      guard let error = callbacks.callAlone(callback, .trainEnd, touched()) else { continue }
      if result.failure == nil, callback.onError == .fail {
        let failure = failure(error, part: "callback '\(callback.name)'", call: Hook.trainEnd.name)
        result.failure = failure
        result.outcome = .failed
        result.reason = failure.description
      } else {
        warn(callback, .trainEnd, error)
      }
    }
    target.status("", from: "")
  }

  private func warn(_ callback: LoopCallback, _ hook: Hook, _ error: any Error) {
    let text = failure(error, part: "callback '\(callback.name)'", call: hook.name).description
    result.warnings.append(text)
    target.log(.warning, text, from: callback.name)
  }
}

/// Metrics that callbacks watch and the run does not produce.
public struct UnknownMetrics: Error, FailureWords, CustomStringConvertible {
  public var unknown: [(name: String, reader: String)]
  public var available: [String]

  public var failureWords: (message: String, help: String?) {
    let list = unknown.map { "\($0.reader) watches '\($0.name)'" }.joined(separator: ", and ")
    let help = "metrics of this run: \(available.joined(separator: ", "))"
    return ("\(list), which this run does not produce", help)
  }

  public var description: String { failureWords.message }
}
