/// Everything between a run and its callbacks: the event they are shown, the order they are called in, and the
/// effects they ask for. The trainer drives it through a training; a replay drives it through a recording.
public final class HookRunner {
  public let model: any LoopModel
  public let metrics: MetricTable
  public let target: any RunTarget
  let callbacks: CallbackList

  // What a run changes. All of it is set by `reset`.
  public let frame = EventFrame()
  /// The metrics of the batch that is running, and those of the epoch. Made when the metrics are frozen.
  public private(set) var batchLogs = Logs(capacity: 0)
  public private(set) var epochLogs = Logs(capacity: 0)
  /// Texts and lists of the epoch.
  public private(set) var notes: [Note] = []
  /// The first request to stop.
  public private(set) var stop: (reason: String, by: String)?
  public private(set) var warnings: [String] = []
  /// Callbacks whose `on_train_begin` succeeded: they will be told of the end.
  private var begun: [LoopCallback] = []
  private var slots: WeightSlots
  private var checkpointIsMarked = false
  /// Every `on_train_begin` of a run that is taken up again: the recording has it already.
  private var isResuming = false
  /// Called when every `on_train_begin` has run and before the set of metrics is frozen.
  public var beforeFreeze: () throws -> Void = {}

  public init(
    callbacks: [LoopCallback], model: any LoopModel, metrics: MetricTable, target: any RunTarget
  ) {
    self.callbacks = CallbackList(callbacks)
    self.model = model
    self.metrics = metrics
    self.target = target
    slots = WeightSlots(model: model)
    self.callbacks.apply = { [unowned self] in try applyEffects(of: $0, in: $1) }
    self.callbacks.onDrop = { [unowned self] callback, failure in
      begun.removeAll { $0 === callback }
      target.log(.warning, "\(failure); training goes on without it", from: callback.name)
    }
  }

  // MARK: The life of a run

  /// Every callback as new, before anything else.
  public func reset() throws {
    frame.clear()
    batchLogs = Logs(capacity: 0)
    epochLogs = Logs(capacity: 0)
    notes = []
    stop = nil
    warnings = []
    begun = []
    checkpointIsMarked = false
    metrics.beginRun()
    callbacks.beginRun()
    for callback in callbacks.active {
      try attempt("model '\(model.name)'", "snapshot_drop") { try slots.dropAll(of: callback) }
      try attempt("callback '\(callback.name)'", "reset") { try callback.reset() }
      // A reset may have something to say, and nothing to ask for.
      for case .log(let level, let text) in callback.effects.effects { say(level, text, from: callback.name) }
      callback.effects.removeAll()
    }
    callbacks.chainUp()
    slots = WeightSlots(model: model)
  }

  /// Passes on the lines that the model has for the user.
  @inline(__always) func takeWords() {
    guard let words = model.words, !words.isEmpty else { return }
    for case .log(let level, let text) in words.effects { say(level, text, from: model.name) }
    words.removeAll()
  }

  /// A request from outside of the run; the first one counts, as among callbacks.
  public func stop(because reason: String, by party: String) { if stop == nil { stop = (reason, party) } }

  /// Empties every slot, also where the model fails to give up one of its snapshots.
  public func dropSlots() throws {
    var first: (any Error)?
    for callback in callbacks.all {
      do { try slots.dropAll(of: callback) } catch {
        first = first ?? error
        callback.slots = [WeightSlot?](repeating: nil, count: WeightSlots.count)
      }
    }
    if let first { throw failure(first, part: "model '\(model.name)'", call: "snapshot_drop") }
  }

  /// `on_train_begin` of all, then the set of metrics is frozen: nobody may watch what nobody publishes.
  /// - Parameters:
  ///   - isStrict: Whether a wanted metric that nobody publishes is an error; else it is a warning.
  ///   - state: Of the run that is taken up again; its parts have been loaded.
  public func begin(isStrict: Bool, from state: RunState? = nil) throws {
    isResuming = state != nil
    defer { isResuming = false }
    frame.hook = .trainBegin
    frame.step = state?.step ?? 0
    record()
    for callback in callbacks.active {
      begun.append(callback)
      guard let error = callbacks.callAlone(callback, .trainBegin, touched()) else { continue }
      begun.removeLast()
      try callbacks.failed(callback, .trainBegin, frame, error)
    }
    try beforeFreeze()
    try freezeMetrics(isStrict: isStrict)
    batchLogs = Logs(capacity: metrics.count)
    epochLogs = Logs(capacity: metrics.count)
    if let state { restore(state) }
  }

  private func freezeMetrics(isStrict: Bool) throws {
    if let conflict = metrics.conflicts.first {
      throw LoopError(
        "\(conflict.parties.joined(separator: " and ")) both publish '\(conflict.name)': one of them needs another name"
      )
    }
    let unmet = metrics.unmetWants
    let available = metrics.declared.filter { $0.declaration.phase.contains(.epoch) }.map(\.name)
    let required = unmet.filter { !$0.isOptional && isStrict }
    guard required.isEmpty else {
      let nearest = required.lazy.compactMap { [metrics] in metrics.nearest($0.name, available) }.first
      throw UnknownMetrics(
        unknown: required.map { ($0.name, $0.reader) }, available: available, nearest: nearest)
    }
    for want in unmet {
      let list = available.joined(separator: ", ")
      let text = "\(want.reader) watches '\(want.name)', which this run does not produce; it produces \(list)"
      say(.warning, text, from: want.reader)
    }
  }

  public func beginEpoch(_ epoch: Int) throws {
    frame.epoch = epoch
    frame.batch = -1
    frame.examples = 0
    epochLogs.clear()
    notes.removeAll(keepingCapacity: true)
    try call(.epochBegin, epochLogs)
  }

  /// Where the run is within a pass; -1: outside a batch.
  @inline(__always) public func enter(batch: Int, examples: Int) {
    var place = frame.place
    place.batch = batch
    place.examples = examples
    frame.place = place
  }

  @inline(__always) public func count(steps: Int) { frame.step += steps }

  public func endEpoch() throws {
    takeWords()
    frame.notes = notes
    defer { frame.notes = [] }
    try call(.epochEnd, epochLogs)
  }

  /// Told to every callback that began, in order. Nothing that goes wrong here hides the first error.
  public func raise(_ failure: RunFailure) {
    frame.text = failure.description
    frame.hook = .exception
    frame.logs = epochLogs
    record()
    for callback in begun {
      if let error = callbacks.callAlone(callback, .exception, touched()) {
        warn(callback, .exception, error)
      }
    }
  }

  /// `on_train_end` of every callback that began, whatever happened. Returns the first failure of one that may not
  /// fail.
  public func end(_ outcome: Outcome, reason: String) -> RunFailure? {
    frame.outcome = outcome
    frame.text = reason
    frame.hook = .trainEnd
    frame.batch = -1
    frame.logs = epochLogs
    record()
    var first: RunFailure?
    for callback in begun {
      guard let error = callbacks.callAlone(callback, .trainEnd, touched()) else { continue }
      let policy = (error as? any OwnErrorPolicy)?.errorPolicy ?? callback.onError
      if first == nil, outcome != .failed, policy == .fail {
        first = failure(error, part: "callback '\(callback.name)'", call: Hook.trainEnd.name)
      } else {
        warn(callback, .trainEnd, error)
      }
    }
    takeWords()
    target.status("", from: "")
    metrics.endRun()
    return first
  }

  /// The run goes back, and begins anew from a state: nobody is told of an end.
  func abandon() {
    target.status("", from: "")
    metrics.endRun()
  }

  func warn(_ text: String) { say(.warning, text, from: "the loop") }

  // MARK: Hooks

  /// Whether anyone has to be told of the hook: a callback, or the recording.
  @inline(__always) public func wants(_ hook: Hook) -> Bool { callbacks.wants(hook) || target.records(hook) }
  public var costs: [CallbackCost] { callbacks.measured }
  public var dropped: [(callback: String, reason: String)] { callbacks.dropped }

  /// Calls every callback that has the hook. All are told, also when one asks to stop.
  @inline(__always) public func call(_ hook: Hook, _ logs: Logs) throws {
    frame.hook = hook
    if frame.logs !== logs { frame.logs = logs }
    if target.records(hook) { target.record(frame) }
    if callbacks.wants(hook) { try callbacks.call(hook, touched()) }
  }

  private func touched() -> EventFrame {
    frame.serial &+= 1
    return frame
  }

  @inline(__always) private func record() {
    if target.records(frame.hook), !isResuming { target.record(frame) }
  }

  // MARK: Effects

  private func applyEffects(of callback: LoopCallback, in hook: Hook) throws {
    let effects = callback.effects.effects
    if target.records(hook), !isResuming { target.record(effects, by: callback.name, in: hook) }
    for effect in effects { try apply(effect, of: callback.name, slotsOf: callback, logs: frame.logs) }
  }

  /// What a monitor publishes belongs to the epoch.
  public func publish(_ effects: EffectQueue, of monitor: String) throws {
    defer { effects.removeAll() }
    for effect in effects.effects { try apply(effect, of: monitor, slotsOf: nil, logs: epochLogs) }
  }

  private func apply(
    _ effect: Effect, of part: String, slotsOf callback: LoopCallback?, logs: Logs
  ) throws {
    switch effect {
    case .publish(let metric, let value): logs.set(metric, value)
    case .note(let note): add(note)
    case .stop(let reason): if stop == nil { stop = (reason, part) }
    case .log(let level, let text): say(level, text, from: part)
    case .status(let text): target.status(text, from: part)
    case .assignWeights, .restoreSlot, .swapSlot, .setParameter:
      guard frame.outcome != .interrupted, frame.outcome != .failed else {
        let text = "\(part) asked to change the model after the run was \(frame.outcome.name): not done"
        return say(.warning, text, from: part)
      }
      try applyToModel(effect, of: callback)
    case .saveWeights(let path): try target.saveWeights(try model.weights(), to: path)
    case .markCheckpoint: checkpointIsMarked = true
    case .startFile(let path): try target.startFile(path)
    case .appendFile(let path, let bytes): try target.appendFile(path, bytes)
    case .removeFile(let path): try target.removeFile(path)
    case .takeSlot, .blendSlot, .dropSlot:
      guard let callback else { throw LoopError("a monitor has no slots") }
      try applySlot(effect, of: callback)
    }
  }

  /// The callbacks that come later in the epoch's end see it, as they see metrics.
  private func add(_ note: Note) {
    notes.append(note)
    guard frame.hook == .epochEnd else { return }
    frame.notes = notes
    frame.serial &+= 1
  }

  private func applyToModel(_ effect: Effect, of callback: LoopCallback?) throws {
    switch effect {
    case .assignWeights(let weights): try model.assign(weights)
    case .setParameter(let name, let value): try model.setParameter(name, value)
    default:
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

  private func warn(_ callback: LoopCallback, _ hook: Hook, _ error: any Error) {
    let failure = failure(error, part: "callback '\(callback.name)'", call: hook.name)
    say(.warning, failure.description, from: callback.name)
  }

  private func say(_ level: LogLevel, _ text: String, from part: String) {
    if level == .warning { warnings.append(text) }
    target.log(level, text, from: part)
  }
}

// MARK: Checkpoints

extension HookRunner {
  /// Whether a callback has asked for a checkpoint since this was last asked.
  @inline(__always) func takeCheckpointMark() -> Bool {
    guard checkpointIsMarked else { return false }
    checkpointIsMarked = false
    return true
  }

  /// What the run and its callbacks have come to.
  func save(in state: inout RunState) throws {
    state.step = frame.step
    state.examples = frame.examples
    state.logs = metrics.named(epochLogs)
    state.notes = notes
    state.stop = stop
    state.warnings = warnings
    state.dropped = dropped
    for callback in callbacks.active {
      try attempt("callback '\(callback.name)'", "state_save") {
        var saved = CallbackState()
        saved.part = try callback.save()
        saved.slots = try slots.save(of: callback)
        state.callbacks[callback.name] = saved
      }
    }
  }

  /// The state of every callback, after its reset.
  func loadCallbacks(_ state: RunState) throws {
    callbacks.drop(state.dropped)
    for callback in callbacks.active {
      guard let saved = state.callbacks[callback.name] else { continue }
      try attempt("callback '\(callback.name)'", "state_load") {
        try callback.load(saved.part)
        try slots.load(saved.slots, of: callback)
      }
    }
  }

  /// What callbacks are told of the run, once all have begun.
  private func restore(_ state: RunState) {
    frame.epoch = state.position.phase == .betweenEpochs ? state.position.epoch - 1 : state.position.epoch
    frame.examples = state.examples
    for (name, value) in state.logs { metrics.knownID(of: name).map { epochLogs.set($0, value) } }
    notes = state.notes
    stop = state.stop ?? stop
    warnings = state.warnings + warnings.filter { !state.warnings.contains($0) }
  }
}

extension HookRunner: RunView {
  public var epoch: Int { frame.epoch }
  public var step: Int { frame.step }
}

/// Metrics that callbacks watch and the run does not produce.
public struct UnknownMetrics: Error, FailureWords, CustomStringConvertible {
  public var unknown: [(name: String, reader: String)]
  public var available: [String]
  /// The name that one of them was likely meant to be.
  public var nearest: String?

  public var failureWords: (message: String, help: String?) {
    let list = unknown.map { "\($0.reader) watches '\($0.name)'" }.joined(separator: ", and ")
    let hint = nearest.map { "did you mean '\($0)'? " } ?? ""
    var help = "\(hint)metrics of this run: \(available.joined(separator: ", "))"
    let isAboutValidation = unknown.contains { $0.name.hasPrefix("val_") }
    if isAboutValidation, !available.contains(where: { $0.hasPrefix("val_") }) {
      help += "; those that begin with val_ need validation data"
    }
    return ("\(list), which this run does not produce", help)
  }

  public var description: String { failureWords.message }
}
