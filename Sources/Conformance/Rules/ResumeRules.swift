import PluginHost

extension Rule {
  /// State and its return, for callbacks.
  static let resumeRules: [Rule] = [
    Rule(
      "resume-continue", "A run that is saved, loaded in a new instance and goes on is as one in one piece.",
      scope: .component([.callback]), deadline: .seconds(120), comparesTraces: true, check: resumeContinue),
    Rule(
      "resume-train-begin", "on_train_begin clears nothing that state_load brought.",
      scope: .component([.callback]), comparesTraces: true, check: resumeTrainBegin),
    Rule(
      "resume-empty", "Loading nothing is the same as reset().", scope: .component([.callback]),
      comparesTraces: true, check: resumeEmpty),
    Rule(
      "resume-round-trip", "What was saved, loaded and saved again is the same.",
      scope: .component([.callback]), comparesTraces: true, check: resumeRoundTrip),
    Rule(
      "resume-missing-key",
      "A key that is missing in what is loaded keeps its default, and one that is unknown is ignored.",
      scope: .component([.callback]), check: resumeMissingKey),
    Rule(
      "resume-bad-state",
      "State of other types and sizes is refused with words or taken, and reset() makes the instance as new.",
      scope: .component([.callback]), deadline: .seconds(60), comparesTraces: true, check: resumeBadState),
  ]

  private static func scripts(_ context: RuleContext) -> [RunScript] {
    let portfolio = Portfolio(seed: context.seed)
    let short = [portfolio.random("random", 6, 3), portfolio.improving(6), portfolio.worsening(6)]
    return context.isStrict
      ? short + [portfolio.random("random, long", 14, 2), portfolio.first("NaN first", .nan)] : short
  }

  private static func requireState(_ context: RuleContext) throws {
    guard try context.component().slots.contains("state_save") else { throw Skip("it saves no state") }
  }

  private static func resumeContinue(_ context: RuleContext) throws -> Verdict {
    let scene = try ResumeScene(context)
    for script in scripts(context) {
      for position in ResumeScene.positions(script, strict: context.isStrict) {
        context.trying(
          "the run '\(script.name)', saved after \(script.moments[position - 1].site) and resumed")
        guard let outcome = try scene.play(script, savedAt: position), outcome.differs else { continue }
        let (script, position) = try shrink(scene, script, position)
        guard let outcome = try scene.play(script, savedAt: position) else { continue }
        return .failed(
          try summary(context, outcome), detail: try scene.detail(script, position, outcome))
      }
    }
    return .passed
  }

  private static func shrink(
    _ scene: ResumeScene, _ script: RunScript, _ position: Int
  ) throws -> (RunScript, Int) {
    var found = (script, position)
    var shrinker = Shrinker(attempts: 150)
    _ = try shrinker.shrink([script]) { scripts in
      // The earliest place at which the shorter run shows it.
      for position in ResumeScene.positions(scripts[0], strict: false) {
        if let outcome = try scene.play(scripts[0], savedAt: position), outcome.differs {
          found = (scripts[0], position)
          return true
        }
      }
      return false
    }
    return found
  }

  private static func summary(_ context: RuleContext, _ outcome: ResumeScene.Outcome) throws -> String {
    if let failure = outcome.failure { return "state_load refuses what state_save saved: \(failure)" }
    if outcome.whole == outcome.resumed, outcome.whole != outcome.afterSaving {
      return "state_save changes what the callback does afterwards"
    }
    if try !context.component().slots.contains("state_save") {
      return "the callback remembers something from one call to the next and has no state_save"
    }
    if let state = outcome.state.first { return "a resumed run ends with another state: \(state)" }
    return
      "something that the callback remembers is not in what state_save saves, or state_load does not bring it back"
  }

  private static func resumeTrainBegin(_ context: RuleContext) throws -> Verdict {
    let loose = try ResumeScene(context).loose
    for script in scripts(context) {
      for position in ResumeScene.positions(script, strict: context.isStrict) {
        let saving = try context.callback()
        try saving.reset(run: 1)
        var run = ScriptedRun(script)
        while run.position < position { if try !saving.advance(&run) { break } }
        guard run.position == position, run.begun, saving.host.stopReason == nil,
          !saving.instance.state.isFailed
        else { continue }
        let (state, snapshot) = (try saving.state(), saving.host.snapshot)
        let resumed = try context.callback()
        try resumed.reset(run: 1)
        resumed.host.restore(snapshot)
        try resumed.load(state)
        var rest = ScriptedRun(script, from: position)
        _ = try resumed.advance(&rest)
        let site = script.moments[position - 1].site
        let place = "saved after: \(site) of: \(ScriptText(saving).text(script, until: site.epoch))"
        if let failure = resumed.trace.entries.first?.failure {
          return .failed("on_train_begin of a resumed run fails: \(failure)", detail: [place])
        }
        let differences = StateComparison.differences(
          try resumed.state(), "after on_train_begin", state, "when it was saved", measured: loose)
        if let first = differences.first {
          return .failed(
            "on_train_begin changes what state_load brought: \(first)", detail: [place] + differences)
        }
        let lost = snapshot.files.filter { resumed.host.files[$0.key] ?? -1 < $0.value }
        if let (file, size) = lost.min(by: { $0.key < $1.key }) {
          return .failed(
            "on_train_begin of a resumed run starts '\(file)' anew, which has \(size) bytes", detail: [place])
        }
        if let slot = snapshot.slots.keys.sorted().first(where: {
          resumed.host.slots[$0] != snapshot.slots[$0]
        }) {
          return .failed("on_train_begin of a resumed run changes slot \(slot)", detail: [place])
        }
      }
    }
    return .passed
  }

  private static func resumeEmpty(_ context: RuleContext) throws -> Verdict {
    guard try context.component().slots.contains("state_load") else { throw Skip("it loads no state") }
    let scene = ResetScene(context: context)
    let replay = Portfolio(seed: context.seed).random("random", 10, 2)
    let new = try scene.newInstance()
    let newState = try new.state()
    let expected = try new.run(replay).masking(context.measured)
    let loaded = try scene.newInstance()
    do { try loaded.load([:]) } catch let failure as PluginFailure {
      return .failed("state_load of nothing fails: \(failure.words)")
    }
    let differences = StateComparison.differences(
      try loaded.state(), "after loading nothing", newState, "after reset", measured: context.measured)
    if let first = differences.first {
      return .failed("loading nothing is not the same as reset(): state key \(first)", detail: differences)
    }
    let trace = try loaded.run(replay).masking(context.measured)
    guard let (own, other) = trace.firstDifference(from: expected) else { return .passed }
    return .failed(
      "loading nothing is not the same as reset()",
      detail: [
        "run:           \(ScriptText(loaded).text(replay))", "after reset:   \(ResetScene.line(other))",
        "after loading: \(ResetScene.line(own))",
      ])
  }

  private static func resumeRoundTrip(_ context: RuleContext) throws -> Verdict {
    try requireState(context)
    let scene = ResetScene(context: context)
    for history in Portfolio(seed: context.seed).histories(strict: context.isStrict) {
      let used = try scene.used(by: history)
      // What cannot be saved is not resumed.
      guard let saved = try? used.state() else { continue }
      let other = try scene.newInstance()
      do { try other.load(saved) } catch let failure as PluginFailure {
        return .failed(
          "state_load refuses what state_save saved: \(failure.words)",
          detail: ["run: \(ScriptText(used).text(history))"])
      }
      let differences = StateComparison.differences(
        try other.state(), "when it is saved again", saved, "when it was saved", measured: context.measured)
      guard let first = differences.first else { continue }
      var shrinker = Shrinker(attempts: 150)
      let least = try shrinker.shrink([history]) { scripts in
        let used = try scene.used(by: scripts[0])
        guard let saved = try? used.state() else { return false }
        let other = try scene.newInstance()
        try other.load(saved)
        return try !StateComparison.differences(other.state(), "", saved, "", measured: context.measured)
          .isEmpty
      }
      return .failed(
        "state does not survive: \(first)",
        detail: ["run: \(ScriptText(used).text(least[0]))"] + differences)
    }
    return .passed
  }

  private static func resumeMissingKey(_ context: RuleContext) throws -> Verdict {
    try requireState(context)
    let scene = ResetScene(context: context)
    let saved = try scene.used(by: Portfolio(seed: context.seed).improving()).state()
    // A list or a struct is saved under several keys, which an older version has all or none of.
    for key in Set(saved.keys.map { $0.prefix { $0 != "." && $0 != "?" } }).sorted() {
      let older = saved.filter { $0.key.prefix { $0 != "." && $0 != "?" } != key }
      context.trying("loading state without the key '\(key)'")
      let callback = try scene.newInstance()
      do { try callback.load(older) } catch let failure as PluginFailure {
        return .failed(
          "state without '\(key)', as an older version saved it, is refused: \(failure.words)",
          detail: ["a key that is missing keeps its default"])
      }
    }
    var newer = saved
    newer["a key of a newer version"] = .int(1)
    let callback = try scene.newInstance()
    do { try callback.load(newer) } catch let failure as PluginFailure {
      return .failed("state with a key that it does not know is refused: \(failure.words)")
    }
    return .passed
  }

  private static func resumeBadState(_ context: RuleContext) throws -> Verdict {
    try requireState(context)
    let scene = ResetScene(context: context)
    let portfolio = Portfolio(seed: context.seed)
    let saved = try scene.used(by: portfolio.improving()).state()
    let replay = portfolio.random("random", 5, 2)
    let expected = try scene.newInstance().run(replay).masking(context.measured)
    // What is told at the end, where nothing worse comes to light.
    var wordless: Verdict?
    for (key, bad) in BadState.all(saved) {
      context.trying("loading state with '\(key)' as \(bad[key]?.text ?? "nothing")")
      let callback = try scene.newInstance()
      do {
        try callback.load(bad)
        try callback.run(replay)
      } catch let failure as PluginFailure {
        if failure.hasNoWords, wordless == nil {
          wordless = .warning(
            "state with '\(key)' as \(bad[key]?.text ?? "nothing") is refused without a word")
        }
      }
      do { try callback.reset(run: 1) } catch let failure as PluginFailure {
        return .failed(
          "reset() fails after state with '\(key)' as \(bad[key]?.text ?? "nothing"): \(failure.words)")
      }
      let trace = try callback.run(replay).masking(context.measured)
      guard let (own, other) = trace.firstDifference(from: expected) else { continue }
      return .failed(
        "reset() leaves something of a bad state behind: '\(key)' as \(bad[key]?.text ?? "nothing")",
        detail: ["a new instance: \(ResetScene.line(other))", "this one:       \(ResetScene.line(own))"])
    }
    return wordless ?? .passed
  }
}

/// State as no one saves it: each key in turn with another type, and with values at the ends of its own.
enum BadState {
  static func all(_ saved: SavedState) -> [(key: String, state: SavedState)] {
    saved.keys.sorted().flatMap { key in
      values.map { value in
        var state = saved
        state[key] = value
        return (key, state)
      }
    }
  }

  private static let values: [StateValue] = [
    .int(.max), .int(.min), .int(-1), .int(0), .float(.nan), .float(.infinity), .float(-1e308), .bytes([]),
    .bytes([0xFF, 0xFE, 0, 1]), .bytes(Array(repeating: 0x7B, count: 4096)), .bytes(Array("null".utf8)),
    .bytes(Array("[1e999]".utf8)), .bytes(Array("{}".utf8)), .bytes(Array("[]".utf8)),
    .tensor(dtypeCode: 2, dtypeBits: 32, shape: [0], bytes: []),
    .tensor(dtypeCode: 2, dtypeBits: 64, shape: [2], bytes: Array(repeating: 0xFF, count: 16)),
    .tensor(dtypeCode: 0, dtypeBits: 8, shape: [3], bytes: [1, 2, 3]),
  ]
}

extension PluginFailure {
  /// The host's words for a plugin that gave none.
  var hasNoWords: Bool { words.hasPrefix("the plugin gave no reason") }
}
