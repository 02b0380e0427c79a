import PluginHost

extension Rule {
  private static let everyKind = Scope.component(Set(PluginKind.allCases))

  /// From create to destroy: of all kinds, and of callbacks in runs that are out of the ordinary.
  static let lifeCycleRules: [Rule] = [
    Rule("create-defaults", "An instance can be made with the options' defaults.", scope: everyKind) {
      context in
      do { _ = try context.instance(context.host()) } catch let failure as PluginFailure {
        let options = try context.component().options
        return .failed(
          "create() with the defaults fails: \(failure.words)",
          detail: options.compactMap { row in row.defaultText.map { "\(row.key): \($0)" } })
      }
      return .passed
    },
    Rule(
      "create-bounds",
      "Values at the ends of an option's range, and each choice, are taken or refused with words.",
      scope: everyKind, check: createBounds),
    Rule(
      "create-invalid",
      "Values that an option's row does not allow never reach create(); texts that it has to judge are refused with words.",
      scope: everyKind, check: createInvalid),
    Rule(
      "destroy-early",
      "An instance can be destroyed right after create(), after reset(), and in the middle of a run.",
      scope: everyKind, check: destroyEarly),
    Rule(
      "instances-independent", "Two instances do not see each other.", scope: .component([.callback]),
      deadline: .seconds(60), comparesTraces: true, check: instancesIndependent),
    Rule(
      "metrics-missing", "Metrics that are missing or NaN are no crash, and a failure over them has words.",
      scope: .component([.callback]), check: metricsMissing),
    Rule(
      "empty-epochs", "Epochs without batches, runs without epochs and a host without a model are no crash.",
      scope: .component([.callback]), check: emptyEpochs),
    Rule(
      "huge-numbers", "Numbers of epochs and steps near the largest there are are no crash.",
      scope: .component([.callback]), check: hugeNumbers),
    Rule(
      "repeatable", "What a callback decides follows from events, the host's clock and its random numbers.",
      scope: .component([.callback]), comparesTraces: true, check: repeatable),
  ]

  // MARK: create and destroy

  private static func createBounds(_ context: RuleContext) throws -> Verdict {
    for row in try context.component().options {
      for value in OptionVariants.bounds(row) {
        context.trying("\(row.key)=\(value.plainText)")
        do {
          let instance = try context.instance(context.host(), values: [row.key: value])
          if let callback = instance as? CallbackInstance { try callback.reset() }
        } catch let failure as PluginFailure {
          if failure.hasNoWords {
            return .failed("\(failure.call) refuses \(row.key)=\(value.plainText) and does not say why")
          }
          if failure.call == "reset" {
            return .failed("reset() fails with \(row.key)=\(value.plainText): \(failure.words)")
          }
        } catch is Skip { continue }
      }
    }
    return .passed
  }

  private static func createInvalid(_ context: RuleContext) throws -> Verdict {
    for row in try context.component().options {
      for value in OptionVariants.outside(row) {
        context.trying("\(row.key)=\(value.plainText)")
        do { _ = try context.instance(context.host(), values: [row.key: value]) } catch is HostError {
          continue
        } catch is PluginFailure {} catch is Skip {}
        return .failed(
          "\(row.key)=\(value.plainText) reaches create(), and its row does not allow it",
          detail: ["\(row.key): \(row.typeName)\(row.range.map { " in \($0)" } ?? "")"])
      }
      for value in OptionVariants.garbage(row) {
        context.trying("\(row.key)=\(value.plainText)")
        do { _ = try context.instance(context.host(), values: [row.key: value]) } catch let failure
          as PluginFailure where failure.hasNoWords
        {
          return .failed("create() refuses \(row.key)=\(value.plainText) and does not say why")
        } catch is PluginFailure {} catch is Skip {}
      }
    }
    return .passed
  }

  private static func destroyEarly(_ context: RuleContext) throws -> Verdict {
    for _ in 0..<20 {
      context.trying("destroy right after create")
      let instance = try context.instance(context.host())
      context.calling("destroy") { instance.destroy() }
    }
    guard try context.component().kind == .callback else { return .passed }
    context.trying("destroy right after reset")
    let ready = try context.callback()
    try ready.reset()
    ready.destroy()
    let script = Portfolio(seed: context.seed).random("random", 2, 2)
    for calls in 1...script.moments.count {
      context.trying("destroy after \(calls) calls of a run")
      var cut = script
      cut.ending = .aborted(afterCalls: calls)
      let callback = try context.callback()
      try callback.reset()
      try callback.run(cut)
      callback.destroy()
    }
    return .passed
  }

  // MARK: Runs

  private static func instancesIndependent(_ context: RuleContext) throws -> Verdict {
    let scene = ResetScene(context: context)
    let portfolio = Portfolio(seed: context.seed)
    let pairs = [
      (portfolio.worsening(), portfolio.improving()),
      (portfolio.random("random", 12, 2), portfolio.worsening()),
      (portfolio.constant(), portfolio.random("random", 8, 3)),
    ]
    for (one, other) in pairs {
      context.trying("two instances in turn, with the runs '\(one.name)' and '\(other.name)'")
      guard let first = try interleaved(scene, one, other) else { continue }
      var shrinker = Shrinker()
      let least = try shrinker.shrink([one, other]) { try interleaved(scene, $0[0], $0[1]) != nil }
      let (own, alone) = try interleaved(scene, least[0], least[1]) ?? first
      let text = ScriptText(try scene.newInstance())
      return .failed(
        "an instance acts otherwise when there is another one: something is kept outside of the instance, as a global variable",
        detail: [
          "one instance:   \(text.text(least[0]))", "the other:      \(text.text(least[1]))",
          "one alone:      \(ResetScene.line(alone))", "with the other: \(ResetScene.line(own))",
        ])
    }
    return .passed
  }

  /// Where the first of two runs that go on in turn differs from one that is alone.
  private static func interleaved(
    _ scene: ResetScene, _ one: RunScript, _ other: RunScript
  ) throws -> (own: TraceEntry?, other: TraceEntry?)? {
    let measured = scene.context.measured
    let lone = try scene.newInstance()
    let alone = try lone.run(one).masking(measured)
    lone.destroy()
    let first = try scene.newInstance()
    let second = try scene.newInstance()
    var runs = (ScriptedRun(one), ScriptedRun(other))
    var goesOn = true
    while goesOn {
      goesOn = try first.advance(&runs.0)
      _ = try second.advance(&runs.1)
    }
    return first.trace.masking(measured).firstDifference(from: alone)
  }

  private static func metricsMissing(_ context: RuleContext) throws -> Verdict {
    let portfolio = Portfolio(seed: context.seed)
    var mixed = portfolio.random("random", 12, 3)
    for index in mixed.epochs.indices where index % 3 != 0 {
      mixed.epochs[index].value = index % 3 == 1 ? nil : .nan
      mixed.epochs[index].batches[1] = index % 2 == 0 ? nil : .infinity
    }
    return try survives(
      context,
      [
        portfolio.first("missing throughout", nil, epochs: .max), portfolio.extreme("NaN throughout", .nan),
        portfolio.extreme("infinite throughout", .infinity), portfolio.withoutValidation(), mixed,
      ])
  }

  private static func emptyEpochs(_ context: RuleContext) throws -> Verdict {
    let portfolio = Portfolio(seed: context.seed)
    var empty = portfolio.improving()
    for index in empty.epochs.indices { empty.epochs[index].batches = [] }
    var bare = portfolio.worsening()
    bare.hasModel = false
    var nothing = RunScript("no epochs", epochs: [])
    nothing.hasModel = false
    return try survives(context, [RunScript("no epochs", epochs: []), empty, bare, nothing])
  }

  private static func hugeNumbers(_ context: RuleContext) throws -> Verdict {
    let portfolio = Portfolio(seed: context.seed)
    var scripts: [RunScript] = []
    for start in [1 << 31, 1 << 53, Int.max - 64] {
      for value in [0.5, 1e308] {
        var script = portfolio.extreme("numbers from \(start)", value)
        script.firstEpoch = start
        script.firstStep = start
        scripts.append(script)
      }
    }
    return try survives(context, scripts)
  }

  /// Whether runs end without a crash, and every failure has words. A crash ends the process, and that tells.
  private static func survives(_ context: RuleContext, _ scripts: [RunScript]) throws -> Verdict {
    for script in scripts {
      let callback = try context.callback()
      context.trying("the run: \(ScriptText(callback).text(script))")
      try callback.reset()
      let trace = try callback.run(script)
      let silent = trace.entries.first { $0.failure?.hasPrefix("the plugin gave no reason") ?? false }
      guard let silent else { continue }
      return .failed(
        "\(silent.site.call) fails and does not say why: give the words to host->fail first",
        detail: ["run: \(ScriptText(callback).text(script))", "at:  \(silent.site)"])
    }
    return .passed
  }

  /// What the checker found when it ran the same in two processes.
  private static func repeatable(_ context: RuleContext) throws -> Verdict {
    let deciding = [
      "stop", "set ", "assign", "take", "restore", "swap", "blend", "drop", "save", "mark", "failure",
    ]
    let found = context.measured.map { $0.hasPrefix("-") ? String($0.dropFirst()) : $0 }.filter { key in
      deciding.contains { key.hasPrefix($0) }
    }
    guard let first = found.sorted().first else { return .passed }
    return .warning(
      "'\(first)' differs between two runs that were shown the same: it depends on something outside, and no replay repeats it",
      detail: ["take time from the clock service and random numbers from the random service"])
  }
}
