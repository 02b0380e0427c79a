import PluginHost

extension Rule {
  /// The reset contract, for callbacks.
  static let resetRules: [Rule] = [
    Rule(
      "reset-trace", "After reset() a callback does what a new instance does, whatever run came before.",
      scope: .component([.callback]), deadline: .seconds(120), comparesTraces: true
    ) { context in
      let scene = ResetScene(context: context)
      let portfolio = Portfolio(seed: context.seed)
      let fault = try scene.firstFault(
        portfolio.histories(strict: context.isStrict), portfolio.replays(strict: context.isStrict)
      ) { $0.differs }
      guard let (history, replay, outcome) = fault else { return .passed }
      return .failed(
        try scene.summary(replay, outcome), detail: try scene.detail(history, replay, outcome))
    },
    Rule(
      "reset-state", "After reset() state_save gives what it gives for a new instance, key by key.",
      scope: .component([.callback]), deadline: .seconds(60), comparesTraces: true
    ) { context in
      guard try context.component().slots.contains("state_save") else {
        throw Skip("it saves no state")
      }
      let scene = ResetScene(context: context)
      let histories = Portfolio(seed: context.seed).histories(strict: context.isStrict)
      let nothing = RunScript("nothing", epochs: [])
      let fault = try scene.firstFault(histories, [nothing]) { $0.resetFailure != nil || !$0.state.isEmpty }
      guard let (history, replay, outcome) = fault else { return .passed }
      let words = outcome.resetFailure.map { "reset() fails: \($0)" } ?? "state key \(outcome.state[0])"
      return .failed(words, detail: try scene.detail(history, replay, outcome))
    },
    Rule(
      "reset-twice", "Calling reset() twice is the same as calling it once.",
      scope: .component([.callback]), comparesTraces: true, check: resetTwice),
    Rule(
      "reset-anytime",
      "reset() succeeds in every state: first of all, in the middle of a run, after a failure, after a load.",
      scope: .component([.callback]), deadline: .seconds(60), comparesTraces: true, check: resetAnytime),
    Rule(
      "reset-quiet", "reset() asks the host for nothing but lines in the log.",
      scope: .component([.callback]), check: resetQuiet),
    Rule(
      "reset-settings", "reset() leaves the options as they were given to create().",
      scope: .component([.callback]), deadline: .seconds(60), comparesTraces: true, check: resetSettings),
  ]

  private static func resetTwice(_ context: RuleContext) throws -> Verdict {
    let scene = ResetScene(context: context)
    let portfolio = Portfolio(seed: context.seed)
    let replay = portfolio.random("random", portfolio.length, 2)
    let once = try scene.newInstance()
    let onceState = try once.state()
    let expected = try once.run(replay).masking(context.measured)
    for history in [RunScript("no epochs", epochs: [])] + portfolio.histories(strict: context.isStrict) {
      context.trying("after the run '\(history.name)', reset() twice")
      let twice = try scene.used(by: history)
      try twice.reset(run: 1)
      do { _ = try twice.resetAgain() } catch let failure as PluginFailure {
        return .failed(
          "a second reset() fails: \(failure.words)", detail: ["after: \(ScriptText(twice).text(history))"])
      }
      let state = StateComparison.differences(
        try twice.state(), "after reset() twice", onceState, "in a new instance", measured: context.measured)
      let trace = try twice.run(replay).masking(context.measured)
      // What a single reset leaves behind is the business of other rules.
      guard !state.isEmpty || trace != expected, try !scene.play(history, replay).differs else { continue }
      let difference = trace.firstDifference(from: expected)
      return .failed(
        "reset() twice is not reset() once" + (state.first.map { ": state key \($0)" } ?? ""),
        detail: [
          "after:          \(ScriptText(twice).text(history))", "then:           reset, reset",
          "a new instance: \(ResetScene.line(difference?.other))",
          "this one:       \(ResetScene.line(difference?.own))",
        ])
    }
    return .passed
  }

  private static func resetAnytime(_ context: RuleContext) throws -> Verdict {
    let scene = ResetScene(context: context)
    let portfolio = Portfolio(seed: context.seed)
    let replay = portfolio.random("random", 6, 2)
    let expected: Trace
    do { expected = try scene.newInstance().run(replay).masking(context.measured) } catch let failure
      as PluginFailure where failure.call == "reset"
    {
      return .failed("reset() directly after create() fails: \(failure.words)")
    }
    let usual = portfolio.random("random", 2, 2)
    // Ended after each call in turn, in each way that is not the run's own.
    var histories: [RunScript] = []
    for calls in 1...usual.moments.count {
      for ending: RunScript.Ending in [
        .aborted(afterCalls: calls), .effectsFailed(atCall: calls), .failed(afterCalls: calls),
        .interrupted(afterCalls: calls),
      ] {
        var history = usual
        history.ending = ending
        histories.append(history)
      }
    }
    var bare = portfolio.worsening()
    bare.hasModel = false
    histories += [
      bare, portfolio.first("missing", nil, epochs: .max), portfolio.first("NaN", .nan, epochs: .max),
    ]
    for history in histories {
      context.trying("reset after a run that ended early: \(history.ending)")
      let callback = try scene.used(by: history)
      func detail(_ last: [String]) -> [String] {
        ["after:          \(ScriptText(callback).text(history))", "then:           reset"] + last
      }
      let state = callback.instance.state
      do { try callback.reset(run: 1) } catch let failure as PluginFailure {
        return .failed(
          "reset() of an instance that is \(state) fails: \(failure.words)", detail: detail([]))
      }
      let trace = try callback.run(replay).masking(context.measured)
      guard trace != expected else { continue }
      // The same history, run to its end: then it is reset-trace's to tell.
      var whole = history
      whole.ending = .finished
      if try scene.play(whole, replay).differs { continue }
      let difference = trace.firstDifference(from: expected)
      return .failed(
        "reset() works after a run that has ended, and not after one that was cut off",
        detail: detail([
          "a new instance: \(ResetScene.line(difference?.other))",
          "this one:       \(ResetScene.line(difference?.own))",
        ]))
    }
    return try resetAfterLoad(context, scene, replay, expected)
  }

  private static func resetAfterLoad(
    _ context: RuleContext, _ scene: ResetScene, _ replay: RunScript, _ expected: Trace
  ) throws -> Verdict {
    guard try context.component().slots.contains("state_load") else { return .passed }
    let history = Portfolio(seed: context.seed).improving()
    let saved = try scene.used(by: history).state()
    let callback = try scene.newInstance()
    try callback.load(saved)
    do { try callback.reset(run: 1) } catch let failure as PluginFailure {
      return .failed("reset() after state_load() fails: \(failure.words)")
    }
    let trace = try callback.run(replay).masking(context.measured)
    guard let (own, other) = trace.firstDifference(from: expected) else { return .passed }
    return .failed(
      "reset() leaves behind what state_load() brought",
      detail: [
        "after:          state_load of a run: \(ScriptText(callback).text(history))", "then:           reset",
        "a new instance: \(ResetScene.line(other))", "this one:       \(ResetScene.line(own))",
      ])
  }

  private static func resetQuiet(_ context: RuleContext) throws -> Verdict {
    let scene = ResetScene(context: context)
    for history in Portfolio(seed: context.seed).histories(strict: context.isStrict) {
      let callback = try scene.used(by: history)
      let loud = try callback.resetAgain().filter { !$0.key.hasPrefix("log ") }
      guard let effect = loud.first else { continue }
      return .failed(
        "reset() asks the host for something: \(effect); no host carries that out",
        detail: ["after: \(ScriptText(callback).text(history))", "then:  reset"] + loud.map { "       \($0)" }
      )
    }
    return .passed
  }

  /// Every option with another value than its default, one at a time, so that a reset that puts defaults back shows.
  private static func resetSettings(_ context: RuleContext) throws -> Verdict {
    let portfolio = Portfolio(seed: context.seed)
    let given = try context.options().values
    var tried = 0
    for row in try context.component().options where given[row.key] == nil {
      for value in OptionVariants.other(row) {
        let scene = ResetScene(context: context, values: [row.key: value])
        // Values that do not go together are refused, and that is no fault.
        guard (try? scene.newInstance()) != nil else { continue }
        tried += 1
        let histories = [portfolio.improving(), portfolio.worsening()]
        let replays = [portfolio.random("random", portfolio.length, 2), portfolio.worsening()]
        guard let (history, replay, outcome) = try scene.firstFault(histories, replays, { $0.differs }) else {
          continue
        }
        // What differs with the defaults, too, is reset-trace's to tell.
        if try ResetScene(context: context).play(history, replay).differs { continue }
        return .failed(
          "with \(row.key)=\(value.plainText), reset() changes what the callback does afterwards",
          detail: try scene.detail(history, replay, outcome))
      }
    }
    return tried == 0 ? .skipped("it has no option that can have another value") : .passed
  }
}
