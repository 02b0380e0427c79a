/// What the hooks of one callback have cost in a run. An object, so that adding to it copies nothing.
final class CallbackCosts {
  private var rows = [HookCost](repeating: HookCost(), count: Hook.allCases.count)

  subscript(hook: Hook) -> HookCost {
    _read { yield rows[hook.rawValue] }
    _modify { yield &rows[hook.rawValue] }
  }
}

/// What one hook of a callback has cost.
struct HookCost {
  private(set) var timed = 0
  private var nanoseconds: Int64 = 0
  /// Of the first call, which finds cold caches and says little of the others.
  private var first: Int64 = 0
  /// Calls of the hook that ended before its turn, by the failure of another.
  var missed = 0
  /// Calls of the hook until it was dropped.
  var untilDropped: Int?

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
}
