/// The callbacks of a run, in order: calls them, times them, and has their effects carried out between one and the
/// next.
final class CallbackList {
  private(set) var active: [LoopCallback]
  private(set) var dropped: [(callback: String, reason: String)] = []
  private var table: CallTable
  /// A callback was dropped while the table was being walked: it is made anew before the next hook.
  private var tableIsStale = false
  private var costs: [ObjectIdentifier: CallbackCosts] = [:]
  let all: [LoopCallback]

  /// Calls of each hook, whoever was called.
  private var calls = HookCounts()

  /// Per-batch hooks are timed on every 64th call; reading the clock costs more than many a hook.
  private static let sampleMask = 63

  /// Carries out the effects of one callback; throws what went wrong.
  var apply: (LoopCallback, Hook) throws -> Void = { _, _ in }
  /// Told of a callback that failed and was dropped.
  var onDrop: (LoopCallback, RunFailure) -> Void = { _, _ in }

  init(_ callbacks: [LoopCallback]) {
    all = callbacks
    active = callbacks
    table = CallTable(callbacks, costs: [:], chained: false)
  }

  /// Counts from the start, and with every callback: one that was dropped in the run before is as new.
  func beginRun() {
    active = all
    dropped = []
    calls = HookCounts()
    for callback in all { costs[ObjectIdentifier(callback)] = CallbackCosts() }
    // A reset may put another instance in a callback's place: no chains before that.
    renewTable(chained: false)
  }

  /// Every callback is reset: those that can be told together are from here on.
  func chainUp() { renewTable() }

  /// Leaves out those that were dropped before the run was resumed.
  func drop(_ earlier: [(callback: String, reason: String)]) {
    dropped = earlier
    active.removeAll { callback in earlier.contains { $0.callback == callback.name } }
    renewTable()
  }

  @inline(__always) func wants(_ hook: Hook) -> Bool { !table.isEmpty(hook) }

  /// Calls every callback that has the hook. All are told, also when one asks to stop; the first failure ends it.
  func call(_ hook: Hook, _ event: EventFrame) throws {
    if tableIsStale { renewTable() }
    let count = calls[hook.rawValue]
    calls[hook.rawValue] = count &+ 1
    if !hook.isPerBatch || count & Self.sampleMask == 0 { return try callTimed(hook, event) }
    for step in table.steps(hook) {
      if let chain = step.chain {
        try chain._withUnsafeGuaranteedRef { try tell($0, of: step.first, hook, event) }
      } else {
        try table[step.first]._withUnsafeGuaranteedRef { try callOne($0, hook, event) }
      }
    }
  }

  private func renewTable(chained: Bool = true) {
    table = CallTable(active, costs: costs, chained: chained)
    for (callback, next) in zip(active, active.dropFirst()) { callback.next = next }
    active.last?.next = nil
    for callback in active { callback.followersChanged() }
    tableIsStale = false
  }

  private func callTimed(_ hook: Hook, _ event: EventFrame) throws {
    var start = Stopwatch.nanoseconds()
    for position in table.positions(hook) {
      let callback = table[position].takeUnretainedValue()
      // The end of one is the beginning of the next: reading the clock is most of what this costs.
      defer { start = count(table.costs(position), callback, hook, since: start) }
      try callOne(callback, hook, event)
    }
  }

  /// - Returns: the time at its end.
  @discardableResult
  private func count(
    _ costs: CallbackCosts?, _ callback: LoopCallback, _ hook: Hook, since start: Int64
  ) -> Int64 {
    let end = Stopwatch.nanoseconds()
    costs?[hook].add(max(0, end - start + callback.timeElsewhere))
    return end
  }

  /// Every callback of a chain, which stops where there is something to see to.
  private func tell(_ chain: HookChain, of first: Int, _ hook: Hook, _ event: EventFrame) throws {
    var next = 0
    while next < chain.count {
      do {
        try chain.tell(event, from: &next)
        try table[first &+ next &- 1]._withUnsafeGuaranteedRef { callback in
          if !callback.effects.isEmpty { try applyEffects(callback, hook) }
        }
      } catch {
        try failed(table[first + max(0, next - 1)].takeUnretainedValue(), hook, event, error)
      }
    }
  }

  @inline(__always) private func callOne(
    _ callback: LoopCallback, _ hook: Hook, _ event: EventFrame
  ) throws {
    do {
      try callback.call(hook, event)
      if !callback.effects.isEmpty { try applyEffects(callback, hook) }
    } catch {
      try failed(callback, hook, event, error)
    }
  }

  private func applyEffects(_ callback: LoopCallback, _ hook: Hook) throws {
    defer { callback.effects.removeAll() }
    try apply(callback, hook)
  }

  /// What a failure means: the end of the run, or of the callback in it.
  func failed(
    _ callback: LoopCallback, _ hook: Hook, _ event: EventFrame, _ error: any Error
  ) throws {
    callback.effects.removeAll()
    var failure = RunFailure(
      part: "callback '\(callback.name)'", call: hook.name, epoch: event.epoch, batch: event.batch,
      message: "\(error)")
    if let own = error as? any FailureWords { (failure.message, failure.help) = own.failureWords }
    let policy = (error as? any OwnErrorPolicy)?.errorPolicy ?? callback.onError
    guard policy == .drop else {
      if hook.isPerBatch { countMissed(hook, after: callback) }
      throw failure
    }
    for hook in Hook.allCases {
      costs[ObjectIdentifier(callback)]?[hook].untilDropped = calls[hook.rawValue]
    }
    active.removeAll { $0 === callback }
    dropped.append((callback.name, failure.description))
    tableIsStale = true
    onDrop(callback, failure)
  }

  /// The failure of one callback ends the run before those after it are called.
  private func countMissed(_ hook: Hook, after callback: LoopCallback) {
    guard let position = active.firstIndex(where: { $0 === callback }) else { return }
    for other in active[(position + 1)...] { costs[ObjectIdentifier(other)]?[hook].missed += 1 }
  }

  /// Calls one callback's hook, and gives back its error instead of acting on it.
  func callAlone(_ callback: LoopCallback, _ hook: Hook, _ event: EventFrame) -> (any Error)? {
    guard callback.hooks.contains(hook) else { return nil }
    let start = Stopwatch.nanoseconds()
    defer { count(costs[ObjectIdentifier(callback)], callback, hook, since: start) }
    do {
      try callback.call(hook, event)
      try applyEffects(callback, hook)
      return nil
    } catch {
      callback.effects.removeAll()
      return error
    }
  }

  var measured: [CallbackCost] {
    all.flatMap { callback in
      Hook.allCases.compactMap { hook in
        guard let cost = costs[ObjectIdentifier(callback)]?[hook], cost.timed > 0 else { return nil }
        let ofHook = (cost.untilDropped ?? calls[hook.rawValue]) - cost.missed
        let calls = hook.isPerBatch ? ofHook : cost.timed
        return CallbackCost(
          callback: callback.name, hook: hook, calls: calls, seconds: cost.estimate(calls: calls))
      }
    }
  }
}

/// An error that decides itself whether the run goes on without the callback.
public protocol OwnErrorPolicy: Error {
  var errorPolicy: LoopCallback.ErrorPolicy { get }
}

/// An error that knows its words apart from what to do.
public protocol FailureWords: Error {
  var failureWords: (message: String, help: String?) { get }
}
