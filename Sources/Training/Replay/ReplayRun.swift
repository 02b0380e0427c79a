/// Shows a recording to callbacks, as a run would, through the same hooks in the same order, and carries out what
/// they ask for. The recording takes the place of training.
public final class ReplayRun {
  private let recording: Recording
  private let model: ReplayModel
  private let metrics: MetricTable
  private let hooks: HookRunner
  private let callbacks: [LoopCallback]
  private var result = ReplayResult()
  /// Told where the recorded clock stands, in seconds since the run began, where that is known.
  public var onTime: (Double) -> Void = { _ in }
  /// Whether the result has every batch: what a check of averages, or of rates per step, looks at.
  public var keepsBatches = false

  public init(
    _ recording: Recording, callbacks: [LoopCallback], model: ReplayModel, metrics: MetricTable,
    target: any RunTarget
  ) {
    self.recording = recording
    self.model = model
    self.metrics = metrics
    self.callbacks = callbacks
    hooks = HookRunner(callbacks: callbacks, model: model, metrics: metrics, target: target)
  }

  /// Never throws: an error is in the result, after `on_exception` and `on_train_end(failed)`.
  ///
  /// - Parameter loadStates: Called after the reset of all, as in a run that is resumed.
  public func play(loadStates: () throws -> Void = {}) -> ReplayResult {
    result = ReplayResult()
    do {
      try hooks.reset()
      try loadStates()
      for metric in recording.metrics {
        metrics.declare(metric.name, metric.direction, metric.phase, by: "the recording")
      }
      try hooks.begin(isStrict: true)
      noteStop()
      for epoch in recording.epochs where hooks.stop == nil { try play(epoch) }
      try conclude()
    } catch {
      let failure = failure(error, part: "the replay", call: "replay", epoch: hooks.frame.epoch)
      blame(failure)
      hooks.raise(failure)
    }
    if let failure = hooks.end(result.outcome, reason: result.reason) { blame(failure) }
    result.finalWeight = model.weight
    result.finalParameters = model.parameterValues
    result.steps = hooks.frame.step
    result.warnings = hooks.warnings
    return result
  }

  // MARK: Epochs

  private func play(_ epoch: Recording.Epoch) throws {
    var seen = ReplayedEpoch(index: epoch.index)
    if let begin = epoch.begin { onTime(begin) }
    try hooks.beginEpoch(epoch.index)
    seen.weightAtBegin = model.weight
    seen.parameters = model.parameterValues
    for batch in epoch.batches where hooks.stop == nil { try play(batch, of: epoch.index) }
    if epoch.batches.isEmpty, let weight = epoch.weight {
      hooks.count(steps: epoch.steps)
      model.weight = weight
      result.origins[weight] = (epoch.index, nil)
    }
    seen.weightTrained = model.weight
    guard epoch.isComplete else { return }
    hooks.enter(batch: -1, examples: epoch.examples)
    setLogs(epoch) { !$0.hasPrefix("val_") }
    if epoch.validates { try validate(epoch, &seen) }
    setLogs(epoch) { $0.hasPrefix("val_") }
    if epoch.validates { try hooks.call(.validationEnd, hooks.epochLogs) }
    if let end = epoch.end { onTime(end) }
    try add(epoch.notes)
    try hooks.endEpoch()
    noteStop()
    seen.weightAtEnd = model.weight
    seen.parametersAtEnd = model.parameterValues
    result.epochs.append(seen)
  }

  private func play(_ batch: Recording.Batch, of epoch: Int) throws {
    let logs = hooks.batchLogs
    logs.clear()
    hooks.enter(batch: batch.index, examples: batch.examples)
    try hooks.call(.batchBegin, logs)
    var moment = ReplayedBatch(epoch: epoch, batch: batch.index, step: hooks.frame.step)
    moment.parameters = model.parameterValues
    if let weight = batch.weight {
      model.weight = weight
      result.origins[weight] = (epoch, batch.index)
    }
    hooks.count(steps: batch.steps)
    if batch.steps > 0 { try hooks.call(.optimizerStep, logs) }
    for (name, value) in batch.logs { metrics.knownID(of: name).map { logs.set($0, value) } }
    try hooks.call(.batchEnd, logs)
    if keepsBatches {
      moment.weight = model.weight
      moment.snapshot = firstSnapshot
      result.batches.append(moment)
    }
    noteStop(batch.index)
  }

  private var firstSnapshot: Double? {
    for callback in callbacks {
      for case .copy(let weights)? in callback.slots { return weights.first?.tensor.value(at: 0) }
    }
    return nil
  }

  private func add(_ notes: [Note]) throws {
    let queue = EffectQueue()
    for note in notes { queue.append(.note(note)) }
    try hooks.publish(queue, of: "the recording")
  }

  private func validate(_ epoch: Recording.Epoch, _ seen: inout ReplayedEpoch) throws {
    try hooks.call(.validationBegin, hooks.epochLogs)
    seen.weightInValidation = model.weight
    let logs = hooks.batchLogs
    for batch in epoch.validationBatches {
      logs.clear()
      hooks.enter(batch: batch.index, examples: batch.examples)
      try hooks.call(.validationBatchBegin, logs)
      for (name, value) in batch.logs { metrics.knownID(of: name).map { logs.set($0, value) } }
      try hooks.call(.validationBatchEnd, logs)
    }
    hooks.enter(batch: -1, examples: recording.validationRows)
  }

  private func setLogs(_ epoch: Recording.Epoch, where isWanted: (String) -> Bool) {
    for (name, value) in epoch.logs where isWanted(name) {
      metrics.knownID(of: name).map { hooks.epochLogs.set($0, value) }
    }
  }

  private func noteStop(_ batch: Int? = nil) {
    guard result.stop == nil, let stop = hooks.stop else { return }
    result.stop = ReplayResult.Stop(epoch: hooks.frame.epoch, batch: batch, reason: stop.reason, by: stop.by)
  }

  // MARK: The end

  private func conclude() throws {
    noteStop()
    if recording.ending == .interrupted {
      result.outcome = .interrupted
      result.reason = "interrupted in epoch \(hooks.frame.epoch + 1) of \(recording.plannedEpochs)"
    } else if let stop = hooks.stop {
      result.outcome = .stopped
      result.reason = stop.reason
    } else {
      switch recording.ending {
      case .finished, .interrupted:
        result.outcome = .finished
        result.reason = "all \(result.epochs.count) epochs ran"
      case .stopped(let reason):
        result.outcome = .stopped
        result.reason = reason
      case .failed(let message):
        throw RunFailure(
          part: "model '\(recording.model)'", call: "train_step", epoch: hooks.frame.epoch, message: message)
      }
    }
  }

  private func blame(_ failure: RunFailure) {
    result.outcome = .failed
    result.reason = failure.description
    result.failure = failure
  }
}
