import PluginHost

/// An instance that has a run behind it and was reset, beside a new one; both are shown the same.
struct ResetScene {
  let context: RuleContext
  var values: [String: OptionValue] = [:]

  /// What the two did.
  struct Outcome {
    var new: Trace
    var reused: Trace
    /// Keys of the state that differ directly after the reset.
    var state: [String]
    /// The words of a reset that failed.
    var resetFailure: String?

    var differs: Bool { resetFailure != nil || new != reused }
  }

  /// Time does not depend on what came before: a history lies a day back.
  private static let now = ScriptedClock()
  private static var yesterday: ScriptedClock {
    var clock = ScriptedClock()
    clock.pass(nanoseconds: -86_000_000_000_000)
    return clock
  }

  /// What a new instance does.
  private struct New {
    var state: SavedState
    var trace: Trace
  }

  private func new(_ replay: RunScript) throws -> New {
    let fresh = try newInstance()
    let freshState = try state(fresh)
    let trace = try fresh.run(replay).masking(context.measured)
    fresh.destroy()
    return New(state: freshState, trace: trace)
  }

  func play(_ history: RunScript, _ replay: RunScript) throws -> Outcome {
    try play(history, replay, beside: try new(replay))
  }

  private func play(_ history: RunScript, _ replay: RunScript, beside new: New) throws -> Outcome {
    let reused = try used(by: history)
    do { try reused.reset(run: 1, clock: Self.now) } catch let failure as PluginFailure {
      return Outcome(new: new.trace, reused: Trace(), state: [], resetFailure: failure.words)
    }
    let differences = StateComparison.differences(
      try state(reused), "after reset", new.state, "in a new instance", measured: context.measured)
    let trace = try reused.run(replay).masking(context.measured)
    reused.destroy()
    return Outcome(new: new.trace, reused: trace, state: differences)
  }

  /// Created and reset.
  func newInstance() throws -> ScriptedCallback {
    let callback = try context.callback(values: values)
    callback.host.clock = Self.yesterday
    try callback.reset(run: 1, clock: Self.now)
    return callback
  }

  /// With a run behind it, and not reset again.
  func used(by history: RunScript) throws -> ScriptedCallback {
    let callback = try context.callback(values: values)
    try callback.reset(run: 2, clock: Self.yesterday)
    try callback.run(history)
    return callback
  }

  private func state(_ callback: ScriptedCallback) throws -> SavedState {
    // An instance without `state_save` saves none; one that cannot save directly after a reset has its own rule.
    (try? callback.state()) ?? [:]
  }

  /// The first history and replay with which `fails`, made as short as they can be; `nil`: there is none.
  func firstFault(
    _ histories: [RunScript], _ replays: [RunScript], _ fails: (Outcome) -> Bool
  ) throws -> (history: RunScript, replay: RunScript, outcome: Outcome)? {
    let beside = try replays.map { (replay: $0, new: try new($0)) }
    for history in histories {
      for (replay, new) in beside {
        context.trying("after the run '\(history.name)', reset, then the run '\(replay.name)'")
        guard fails(try play(history, replay, beside: new)) else { continue }
        var shrinker = Shrinker()
        let least = try shrinker.shrink([history, replay]) { fails(try play($0[0], $0[1])) }
        return (least[0], least[1], try play(least[0], least[1]))
      }
    }
    return nil
  }

  // MARK: Words

  /// How the fault shows, for people.
  func detail(_ history: RunScript, _ replay: RunScript, _ outcome: Outcome) throws -> [String] {
    let text = ScriptText(try newInstance())
    var lines = ["after:          \(text.text(history))", "then:           reset"]
    if let failure = outcome.resetFailure { return lines + ["reset fails:    \(failure)"] }
    lines += outcome.state.map { "state:          \($0)" }
    if let (reused, new) = outcome.reused.firstDifference(from: outcome.new) {
      lines.append("then:           \(text.text(replay))")
      lines.append("a new instance: \(Self.line(new))")
      lines.append("this one:       \(Self.line(reused))")
    }
    return lines
  }

  static func line(_ entry: TraceEntry?) -> String {
    entry.map { "\($0.site): \($0.text)" } ?? "is not called any more"
  }

  /// The fault in a sentence.
  func summary(_ replay: RunScript, _ outcome: Outcome) throws -> String {
    if let failure = outcome.resetFailure { return "reset() fails: \(failure)" }
    if try differsWhenNew(replay, outcome.new) {
      return "even two new instances differ: something is kept outside of the instance, as a global variable"
    }
    if let state = outcome.state.first { return "reset() leaves something behind: state key \(state)" }
    guard let (reused, new) = outcome.reused.firstDifference(from: outcome.new) else { return "" }
    let site = (reused ?? new)?.site.call ?? "the run"
    return "reset() leaves something behind that \(site) shows and state_save does not save"
  }

  private func differsWhenNew(_ replay: RunScript, _ first: Trace) throws -> Bool {
    let second = try newInstance().run(replay).masking(context.measured)
    return second != first
  }
}
