import CTrainyard
import PluginHost
import Training

/// One instance of each callback, and any number of replays through them: all are reset before each. A replayer and
/// everything in it belongs to one thread, from create to destroy.
final class Replayer {
  let context = RunContext()
  let callbacks: [CallbackAdapter]
  private let bridge = EventBridge()
  private let clock = ReplayClock()
  private var views: ReplayViews?

  /// - Parameters:
  ///   - writable: Folders that helper processes may write to.
  ///   - make: How a callback becomes part of the loop; a test may put something in between.
  init(
    _ planned: [PlannedInstance], writable: [String] = [],
    make: (PlannedInstance, RunContext, EventBridge) throws -> CallbackAdapter = {
      try CallbackAdapter($0, run: $1, bridge: $2)
    }
  ) throws {
    let (context, bridge) = (context, bridge)
    context.clock = clock.runClock
    context.helpers.writable = writable
    callbacks = try planned.map { try make($0, context, bridge) }
  }

  /// How a recording is played.
  struct Setting {
    var folder: RunFolder?
    var type = Training.ElementType.float64
    /// The result has every batch, and the target everything that was asked for.
    var keepsAll = false
    /// Called after the plugins' callbacks.
    var further: [LoopCallback] = []
    /// Of the callbacks in their order, as in a run that is resumed.
    var states: [StateTable] = []
  }

  func play(_ recording: Recording, _ setting: Setting) throws -> (result: ReplayResult, target: ReplayTarget)
  {
    let model = ReplayModel(
      weight: recording.initialWeight, parameters: recording.parameters, type: setting.type)
    let views = try ReplayViews(model)
    self.views = views
    context.model = views
    clock.rewind()
    context.beginRun(facts(recording), folder: setting.folder, modelID: recording.model)
    bridge.forget()
    defer { context.endRun() }
    let target = ReplayTarget(
      folder: setting.folder, model: model, metrics: context.metrics, clock: clock, keepsAll: setting.keepsAll
    )
    let run = ReplayRun(
      recording, callbacks: callbacks + setting.further, model: model, metrics: context.metrics,
      target: target)
    run.keepsBatches = setting.keepsAll
    run.onTime = { [clock] in clock.advance(to: $0) }
    let result = run.play {
      for (callback, state) in zip(callbacks, setting.states) { try callback.loadState(state) }
    }
    return (result, target)
  }

  private func facts(_ recording: Recording) -> ty_run_facts {
    var facts = ty_run_facts()
    facts.seed = recording.seed
    facts.epochs = Int64(recording.plannedEpochs)
    facts.initial_epoch = Int64(recording.epochs.first?.index ?? 0)
    facts.batches_per_epoch = Int64(recording.batchesPerEpoch)
    facts.batch_size = Int64(recording.batchSize)
    facts.training_rows = Int64(recording.trainingRows)
    facts.validation_rows = Int64(recording.validationRows)
    facts.threads = 1
    facts.world = 1
    return facts
  }
}
