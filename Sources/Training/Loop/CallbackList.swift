/// The callbacks of a run, in order: calls them, times them, and has their effects carried out between one and the
/// next.
final class CallbackList {
  private(set) var active: [LoopCallback]
  private(set) var dropped: [(callback: String, reason: String)] = []
  private var table: CallTable
  /// A callback was dropped while the table was being walked: it is made anew before the next hook.
  private var tableIsStale = false
  private var costs: [ObjectIdentifier: CostTable] = [:]
  let all: [LoopCallback]

  /// Of one callback, by hook. An object, so that adding to it copies nothing.
  private final class CostTable {
    var rows = [Cost](repeating: Cost(), count: Hook.allCases.count)
    subscript(hook: Hook) -> Cost {
      _read { yield rows[hook.rawValue] }
      _modify { yield &rows[hook.rawValue] }
    }
  }

  private struct Cost {
    var timed = 0
    var nanoseconds: Int64 = 0
    /// Of the first call, which finds cold caches and says little of the others.
    var first: Int64 = 0

    mutating func add(_ time: Int64) {
      if timed == 0 { first = time }
      timed += 1
      nanoseconds += time
    }

    /// Of all calls, from those that were timed.
    func estimate(calls: Int) -> Double {
      guard timed > 1, calls > timed else {
        return Double(nanoseconds) / Double(max(timed, 1)) * Double(calls) / 1e9
      }
      let mean = Double(nanoseconds - first) / Double(timed - 1)
      return (Double(first) + mean * Double(calls - 1)) / 1e9
    }
    /// Calls of the hook that ended before its turn, by the failure of another.
    var missed = 0
    /// Calls of the hook until it was dropped.
    var untilDropped: Int?
  }
  /// Calls of each hook, whoever was called.
  private var calls = [Int](repeating: 0, count: Hook.allCases.count)

  /// Per-batch hooks are timed on every 64th call; reading the clock costs more than many a hook.
  private static let sampleMask = 63

  /// Carries out the effects of one callback; throws what went wrong.
  var apply: (LoopCallback, Hook) throws -> Void = { _, _ in }
  /// Told of a callback that failed and was dropped.
  var onDrop: (LoopCallback, RunFailure) -> Void = { _, _ in }

  init(_ callbacks: [LoopCallback]) {
    all = callbacks
    active = callbacks
    table = CallTable(callbacks)
  }

  /// Counts from the start, and with every callback: one that was dropped in the run before is as new.
  func beginRun() {
    active = all
    dropped = []
    renewTable()
    calls = Array(repeating: 0, count: Hook.allCases.count)
    for callback in all {
      costs[ObjectIdentifier(callback)] = CostTable()
    }
  }

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
    for position in table.range(hook) {
      try table[position]._withUnsafeGuaranteedRef { callback in try callOne(callback, hook, event) }
    }
  }

  private func renewTable() {
    table = CallTable(active)
    for (callback, next) in zip(active, active.dropFirst()) { callback.next = next }
    active.last?.next = nil
    for callback in active { callback.followersChanged() }
    tableIsStale = false
  }

  private func callTimed(_ hook: Hook, _ event: EventFrame) throws {
    for callback in active where callback.hooks.contains(hook) {
      let start = Stopwatch.nanoseconds()
      defer { count(callback, hook, since: start) }
      try callOne(callback, hook, event)
    }
  }

  private func count(_ callback: LoopCallback, _ hook: Hook, since start: Int64) {
    let time = max(0, Stopwatch.nanoseconds() - start + callback.timeElsewhere)
    costs[ObjectIdentifier(callback)]?[hook].add(time)
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
    defer { count(callback, hook, since: start) }
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
