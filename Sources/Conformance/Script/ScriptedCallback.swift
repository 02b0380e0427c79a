import CTrainyard
import PluginHost

/// A callback on a scripted host: resets it, runs scripts through it, writes down what it does.
public final class ScriptedCallback {
  /// What is known of it. It is also what is called, unless that lives in a helper.
  public let instance: CallbackInstance
  private let calls: any CallbackCalls
  public let host: ScriptedHost
  /// Of the run that goes on, or the last one.
  public private(set) var trace = Trace()
  /// For each entry of the trace, how far in the script it is.
  private(set) var positions: [Int] = []
  private var isResumed = false
  /// How fast time passes.
  var pace: Int64 = 1
  private let memory: any EventMemory
  private let note: CallNote?
  /// Told before and after each call of the plugin.
  public var willCall: (CallSite) -> Void = { _ in }
  public var didCall: (CallSite) -> Void = { _ in }

  /// - Parameter calls: The instance in a helper that takes all calls, so that `instance` is given none.
  init(
    _ instance: CallbackInstance, calling calls: (any CallbackCalls)? = nil, host: ScriptedHost,
    memory: any EventMemory, note: CallNote?
  ) {
    self.instance = instance
    self.calls = calls ?? instance
    self.host = host
    self.memory = memory
    self.note = note
    host.memory = memory
  }

  // MARK: Life cycle

  /// As the real host resets before a run: model, slots, files and random stream are as new, too.
  /// - Parameters:
  ///   - run: Random streams differ from run to run; runs that are to be compared have one number.
  ///   - clock: Time does not go back for a plugin: it is the caller's.
  public func reset(run: Int = 0, clock: ScriptedClock = ScriptedClock()) throws {
    host.prepareRun(run)
    host.clock = clock
    try call("reset") { try calls.reset() }
  }

  /// The reset alone; gives what it asked for, which should be nothing but lines for the log.
  public func resetAgain() throws -> [TraceEffect] {
    try call("reset") { try calls.reset() }
    return host.effects
  }

  public func state() throws -> SavedState { try call("state_save") { try calls.saveState() } }
  public func load(_ state: SavedState) throws { try call("state_load") { try calls.loadState(state) } }
  public func destroy() { try? call("destroy") { calls.destroy() } }

  // MARK: Runs

  /// A whole run, after a reset.
  @discardableResult
  public func run(_ script: RunScript) throws -> Trace {
    var run = ScriptedRun(script)
    while try advance(&run) {}
    return trace
  }

  /// Makes the next call of the run. Returns false when the run is over.
  public func advance(_ run: inout ScriptedRun) throws -> Bool {
    if !run.hasStarted {
      run.hasStarted = true
      trace = Trace()
      positions = []
      isResumed = run.resumedEpoch != nil
      host.beginRun(run.script, resumedAt: run.resumedEpoch)
    }
    guard let step = run.next(stopped: host.stopReason != nil, accumulate: accumulation) else {
      host.endRun()
      return false
    }
    switch step {
    case .moment(let moment, let failsEffects):
      defer { while positions.count < trace.entries.count { positions.append(run.position) } }
      if moment.hook == .optimizerStep {
        host.model.step()
        host.step &+= 1
      }
      let failure = try make(moment, failsEffects: failsEffects, run.script)
      if moment.hook == .trainBegin, failure == nil { run.begun = true }
      if let failure { run.fail(failure) }
    case .exception(let words): _ = try make(Moment(.exception), text: words, run.script)
    case .end(let outcome, let words):
      _ = try make(Moment(.trainEnd, epoch: run.lastEpoch), outcome: outcome, text: words, run.script)
    case .gone:
      host.endRun()
      return false
    }
    return true
  }

  private var accumulation: Int {
    Int(min(max(host.model.parameter("accumulate_grad_batches") ?? 1, 1), 1000))
  }

  /// Makes one call and writes down what came of it. Returns the words of a failure.
  private func make(
    _ moment: Moment, failsEffects: Bool = false, outcome: Int32 = TY_OUTCOME_NONE, text: String? = nil,
    _ script: RunScript
  ) throws -> String? {
    let site = moment.site
    // A run that goes on does so at the moment at which it was saved.
    let isSecondBeginning = moment.hook == .trainBegin && isResumed
    guard instance.has(hook: moment.hook.rawValue) else {
      if !isSecondBeginning { passTime(moment) }
      // Begin and end may be left out; PluginHost keeps the states.
      return nil
    }
    clearLogs(moment)
    if !isSecondBeginning { passTime(moment) }
    let event = EventWriter(memory: memory).event(
      moment, step: host.step &+ script.firstStep, examples: moment.batch >= 0 ? 4 : 0, outcome: outcome,
      text: text, metrics: metrics(moment), notes: moment.hook == .epochEnd ? host.notes : [])
    var failure: String?
    do {
      try call(site.call, epoch: site.epoch, batch: site.batch) {
        try calls.call(moment.hook.rawValue, event)
      }
    } catch let error as PluginFailure { failure = error.words }
    trace.entries.append(TraceEntry(site: site, failure: failure, effects: host.effects))
    if failure == nil, !failsEffects {
      host.applyEffects()
    } else {
      host.dropEffects()
    }
    return failure ?? (failsEffects ? "No space left on device" : nil)
  }

  private func clearLogs(_ moment: Moment) {
    if moment.hook == .epochBegin {
      host.epochPublished = [:]
      host.clearNotes()
    }
    if moment.hook == .batchBegin || moment.hook == .validationBatchBegin { host.batchPublished = [:] }
  }

  private func passTime(_ moment: Moment) {
    host.clock.pass(nanoseconds: pace * (moment.hook.showsBatch ? 10_000_000 : 1_000_000_000))
  }

  private func metrics(_ moment: Moment) -> [Double?] {
    let published = moment.hook.showsBatch ? host.batchPublished : host.epochPublished
    return host.metrics.enumerated().map { id, name in
      if let own = published[id] { return own }
      return host.declared[name] == nil ? metric(name, moment) : nil
    }
  }

  /// What the script has for a metric at a moment.
  private func metric(_ name: String, _ moment: Moment) -> Double? {
    guard let value = moment.value else { return nil }
    let isValidation = name.hasPrefix("val_")
    switch moment.hook {
    case .batchEnd: guard !isValidation, !name.contains("acc") else { return nil }
    case .validationBatchEnd: guard name == "val_loss" else { return nil }
    case .validationBegin: guard !isValidation else { return nil }
    case .validationEnd: break
    case .epochEnd: guard moment.validates || !isValidation else { return nil }
    default: return nil
    }
    return ScriptedHost.isBetterHigh(name) ? 1 - value : value
  }

  // MARK: Calls

  private func call<Result>(
    _ name: String, epoch: Int = -1, batch: Int = -1, _ body: () throws -> Result
  ) throws -> Result {
    let site = CallSite(name, epoch: epoch, batch: batch)
    note?.enter(name, epoch: epoch, batch: batch)
    host.callBegins()
    memory.callBegins()
    willCall(site)
    defer {
      didCall(site)
      memory.callEnded()
      note?.leave()
    }
    return try body()
  }
}
