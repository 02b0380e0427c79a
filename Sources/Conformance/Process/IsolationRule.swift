import PluginHost

extension Rule {
  static let isolationRules: [Rule] = [
    Rule(
      "isolated-equal",
      "In a process of its own the plugin shows the same effects and the same state as in the host's.",
      scope: .component([.callback]), level: .strict, deadline: .seconds(120), comparesTraces: true,
      check: isolatedEqual)
  ]

  private static func isolatedEqual(_ context: RuleContext) throws -> Verdict {
    guard HelperProgram.executable() != nil else {
      throw Skip("there is no program 'trainyard' to run a helper")
    }
    for replay in Portfolio(seed: context.seed).replays(strict: false) {
      context.trying("the run '\(replay.name)' in a helper process")
      let here = try shown(replay, by: try context.callback(), context)
      let there = try shown(replay, by: try context.isolatedCallback(), context)
      if let (own, other) = there.trace.firstDifference(from: here.trace) {
        let place = (own ?? other).map { "in \($0.site)" } ?? "at the end"
        let detail = [
          "in a helper:  \(own?.text ?? "no call")", "in the host:  \(other?.text ?? "no call")",
          "in the run '\(replay.name)'",
        ]
        return .failed("isolated it behaves otherwise \(place)", detail: detail)
      }
      let state = StateComparison.differences(
        there.state, "in a helper", here.state, "in the host", measured: context.measured)
      if let first = state.first {
        return .failed("isolated it saves another state: key \(first)", detail: Array(state.dropFirst()))
      }
    }
    return .passed
  }

  private static func shown(
    _ replay: RunScript, by callback: ScriptedCallback, _ context: RuleContext
  ) throws -> (trace: Trace, state: SavedState) {
    defer { callback.destroy() }
    try callback.reset(run: 1)
    var trace = try callback.run(replay).masking(context.measured)
    // What a call that failed had asked for is dropped, and does not leave the helper.
    for index in trace.entries.indices where trace.entries[index].failure != nil {
      trace.entries[index].effects = []
    }
    let hasFailed = trace.entries.contains { $0.failure != nil }
    return (trace, hasFailed ? [:] : try callback.state())
  }
}
