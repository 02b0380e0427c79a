import CTrainyard
import PluginHost

/// Rules about models.
enum ModelRules {
  static let scope = Rule.Scope.component([.model])

  static let all: [Rule] = [
    Rule("model-tasks", "Each task is served as it is asked for, or refused in words.", scope: scope) {
      try tasks($0)
    },
    Rule(
      "model-reset",
      "After reset(seed) a model is as a new one: the same weights, hyper-parameters, losses and predictions, "
        + "whatever it was used for before.", scope: scope, deadline: .seconds(60)
    ) { try resets($0) },
    Rule("model-seed", "Another seed gives other weights, or other steps.", scope: scope) {
      try usesTheSeed($0)
    },
    Rule(
      "model-evaluate", "evaluate() changes nothing: not the weights, not the state, not a later step.",
      scope: scope
    ) { try evaluatesOnly($0) },
    Rule("model-rows", "What is predicted for a row does not depend on the rows beside it.", scope: scope) {
      try predictsRowByRow($0)
    },
    Rule(
      "model-assign", "Assigning weights brings them back bit by bit, and assigning its own changes nothing.",
      scope: scope
    ) { try assigns($0) },
    Rule(
      "model-resume",
      "Saved and loaded into a new instance, a model goes on as if it had not been interrupted: "
        + "the optimizer is part of its state.", scope: scope
    ) { try resumes($0) },
    Rule(
      "model-state",
      "Loading nothing equals a reset, saving changes nothing, and damaged state gives a clean error.",
      scope: scope, deadline: .seconds(60)
    ) { try keepsState($0) },
    Rule(
      "model-parameters", "Hyper-parameters have the value that was set, until the next reset.", scope: scope
    ) {
      try setsParameters($0)
    },
    Rule(
      "model-odd-batches", "One row, rows without weight and NaN in the features are survived.", scope: scope
    ) { try survivesOddBatches($0) },
  ]

  // MARK: Tasks

  /// Rows of the first task that the model serves.
  static func servedRows(_ context: RuleContext) throws -> SampleRows? {
    for rows in SampleRows.ofEveryTask(seed: context.seed) {
      let drive = try ModelDrive(context, rows: rows)
      do { try drive.reset(seed: 1) } catch is PluginFailure { continue }
      return rows
    }
    return nil
  }

  private static func rows(_ context: RuleContext) throws -> SampleRows {
    guard let rows = try servedRows(context) else { throw Skip("it serves no task that this checker knows") }
    return rows
  }

  private static func new(_ context: RuleContext, _ rows: SampleRows, seed: UInt64 = 1) throws -> ModelDrive {
    let drive = try ModelDrive(context, rows: rows)
    try drive.reset(seed: seed)
    return drive
  }

  private static func tasks(_ context: RuleContext) throws -> Verdict {
    var served = 0
    for rows in SampleRows.ofEveryTask(seed: context.seed) {
      context.trying(rows.name)
      let drive = try ModelDrive(context, rows: rows)
      do {
        try drive.reset(seed: 1)
      } catch let failure as PluginFailure where failure.code != TY_OK {
        if failure.hasNoWords { return .failed("it refuses \(rows.name) without a word") }
        continue
      }
      served += 1
      do { _ = try drive.train(2) } catch let failure as PluginFailure {
        return .failed("reset() takes \(rows.name), and \(failure.call) fails: \(failure.words)")
      }
    }
    return served > 0 ? .passed : .failed("it refuses every task that this checker knows")
  }

  // MARK: Reset

  private static let steps = 6

  /// All that is seen of a run from the reset on.
  private static func trace(_ drive: ModelDrive) throws -> Observations {
    var seen = try drive.look()
    seen.list += try drive.train(steps).list
    seen.list += try drive.look().list
    seen.list += try drive.evaluate(drive.rows.all).list
    return seen
  }

  private static func histories(_ context: RuleContext, _ rows: SampleRows) -> [(
    String, (ModelDrive) throws -> Void
  )] {
    [
      ("nothing but create()", { _ in }),
      ("a reset with the same seed", { try $0.reset(seed: 1) }),
      ("\(steps) steps of training", { _ = try $0.train(steps) }),
      ("a run that was broken off in the first epoch", { _ = try $0.train(1) }),
      ("an evaluation", { _ = try $0.evaluate($0.rows.all) }),
      (
        "a reset with another seed and a step",
        {
          try $0.reset(seed: 99); _ = try $0.train(1)
        }
      ),
      (
        "a step that could not be made",
        { drive in
          var broken = drive.rows
          broken.target = broken.target.map { _ in 1e9 }
          broken.features = broken.features.map { _ in .nan }
          try? drive.reset(seed: 1, rows: broken)
          _ = try? drive.train(2)
        }
      ),
      (
        "hyper-parameters that were set",
        { drive in for (name, value) in try drive.parameters() { try? drive.set(name, value / 2 + 1) } }
      ),
      (
        "weights that were assigned",
        { drive in
          guard drive.model.canAssign else { return }
          _ = try drive.train(2)
          let weights = try drive.weights()
          try drive.reset(seed: 1)
          try drive.assign(weights)
        }
      ),
      (
        "state that was loaded",
        { drive in
          guard drive.model.savesState else { return }
          _ = try drive.train(3)
          let state = try drive.state()
          try drive.reset(seed: 1)
          try drive.load(state)
        }
      ),
      (
        "a run with more features",
        { drive in
          let wider = SampleRows(
            rows.task, width: rows.width, count: 40, featureCount: 7, seed: context.seed &+ 1)
          try drive.reset(seed: 1, rows: wider)
          _ = try drive.train(2)
        }
      ),
    ]
  }

  private static func resets(_ context: RuleContext) throws -> Verdict {
    let rows = try rows(context)
    let new = try new(context, rows)
    let state = new.model.savesState ? try new.state() : nil
    let expected = try trace(new)
    if let fault = KindVerdict.comparing(
      try trace(try Self.new(context, rows)), expected, "two new instances with one seed differ")
    {
      return fault
    }
    for (history, use) in histories(context, rows) {
      context.trying("reset(seed: 1) after \(history)")
      let drive = try Self.new(context, rows)
      do { try use(drive) } catch is PluginFailure { /* A history may fail: the reset must help. */  }
      try drive.reset(seed: 1, rows: rows)
      if let state,
        let fault = KindVerdict.comparing(
          try drive.state(), state, "after \(history), reset(seed) leaves other state than a new instance has"
        )
      {
        return fault
      }
      if let fault = KindVerdict.comparing(
        try trace(drive), expected, "after \(history), reset(seed) does not give a new instance")
      {
        return fault
      }
    }
    return .passed
  }

  private static func usesTheSeed(_ context: RuleContext) throws -> Verdict {
    let rows = try rows(context)
    guard try !new(context, rows).isFullBatch else {
      throw Skip("it is given all rows in each step, which leaves nothing to chance unless its options do")
    }
    let one = try trace(try new(context, rows, seed: 1))
    let other = try trace(try new(context, rows, seed: 2))
    guard one.difference(from: other) == nil else { return .passed }
    return .warning("seeds 1 and 2 give the same weights, losses and predictions")
  }

  // MARK: Evaluation

  private static func evaluatesOnly(_ context: RuleContext) throws -> Verdict {
    let rows = try rows(context)
    let drive = try new(context, rows)
    let plain = try new(context, rows)
    for trained in 0..<2 {
      if trained > 0 {
        _ = try drive.train(3)
        _ = try plain.train(3)
      }
      let before = try drive.look()
      let state = drive.model.savesState ? try drive.state() : [:]
      for pass in [TY_PASS_VALIDATION, TY_PASS_TRAIN, TY_PASS_PREDICT] {
        context.trying("evaluate() in pass \(pass), after \(3 * trained) steps")
        let hasTarget = pass != TY_PASS_PREDICT
        let first = try drive.evaluate(rows.all, pass: pass, hasTarget: hasTarget)
        let second = try drive.evaluate(rows.all, pass: pass, hasTarget: hasTarget)
        if let fault = KindVerdict.comparing(second, first, "evaluating the same rows twice differs") {
          return fault
        }
      }
      if let fault = KindVerdict.comparing(try drive.look(), before, "evaluate() changes the model") {
        return fault
      }
      if drive.model.savesState,
        let fault = KindVerdict.comparing(try drive.state(), state, "evaluate() changes the saved state")
      {
        return fault
      }
    }
    return KindVerdict.comparing(
      try drive.train(steps), try plain.train(steps), "training goes on differently after evaluate()")
      ?? .passed
  }

  private static func predictsRowByRow(_ context: RuleContext) throws -> Verdict {
    let rows = try rows(context)
    let drive = try new(context, rows)
    _ = try drive.train(3)
    let whole = try drive.step("evaluate", rows.all, pass: TY_PASS_PREDICT, endsPass: false, hasTarget: false)
    var parts: [Double] = []
    for batch in [[0], Array(1..<6), Array(6..<rows.count)] {
      parts += try drive.step("evaluate", batch, pass: TY_PASS_PREDICT, endsPass: false, hasTarget: false)
        .prediction
    }
    // Products of matrices of another size are summed in another order.
    return KindVerdict.comparing(
      Observations(list: [Observation("the predictions in parts", parts)]),
      Observations(list: [Observation("the predictions in parts", whole.prediction)]), tolerance: 1e-4,
      "predictions depend on the batch that a row is in") ?? .passed
  }

  // MARK: Weights

  private static func assigns(_ context: RuleContext) throws -> Verdict {
    let rows = try rows(context)
    let drive = try new(context, rows)
    guard drive.model.canAssign, try !drive.weights().isEmpty else {
      throw Skip("it shows no weights, or does not let them be replaced")
    }
    let plain = try new(context, rows)
    _ = try drive.train(2)
    _ = try plain.train(2)
    let before = try drive.look()
    context.trying("assigning its own views")
    try drive.assignViewsOfItself()
    if let fault = KindVerdict.comparing(
      try drive.look(), before, "assigning its own views changes the model")
    {
      return fault
    }
    if let fault = KindVerdict.comparing(
      try drive.train(2), try plain.train(2), "training goes on differently after its own views were assigned"
    ) {
      return fault
    }
    context.trying("assigning copies")
    let weights = try drive.weights()
    let kept = try drive.look()
    let predicted = try drive.evaluate(rows.all)
    _ = try drive.train(3)
    try drive.assign(weights)
    let shown = Set(weights.map { "the weight '\($0.name)'" })
    func weightsOnly(_ seen: Observations) -> Observations {
      Observations(list: seen.list.filter { shown.contains($0.what) })
    }
    if let fault = KindVerdict.comparing(
      weightsOnly(try drive.look()), weightsOnly(kept),
      "weights that were assigned are not those that are shown")
    {
      return fault
    }
    return KindVerdict.comparing(
      try drive.evaluate(rows.all), predicted, "with its weights of before the model predicts something else")
      ?? .passed
  }

  // MARK: State

  private static func resumes(_ context: RuleContext) throws -> Verdict {
    let rows = try rows(context)
    let drive = try new(context, rows)
    guard drive.model.savesState else {
      guard drive.resumesExactly else { throw Skip("it saves no state") }
      return .failed("it says that it resumes exactly (TY_MODEL_RESUME_EXACT), and saves no state")
    }
    guard drive.resumesExactly else { throw Skip("it does not say that it resumes exactly") }
    for (name, value) in try drive.parameters() where name == "learning_rate" {
      try drive.set(name, value / 2)
    }
    _ = try drive.train(steps)
    let state = try drive.state()
    let weights = try drive.weights()
    let parameters = try drive.parameters()
    let expected = try trace(drive)

    context.trying("\(steps) steps, then saved and loaded into a new instance")
    let resumed = try new(context, rows)
    resumed.skip(steps: steps)
    try resumed.load(state)
    // As the host does: weights and hyper-parameters are its own to bring back.
    if resumed.model.canAssign { try resumed.assign(weights) }
    for (name, value) in parameters where try resumed.model.parameter(name) != value {
      try resumed.set(name, value)
    }
    return KindVerdict.comparing(
      try trace(resumed), expected,
      "a run that is resumed after \(steps) steps goes on differently; something is missing in the saved state"
    )
      ?? .passed
  }

  private static func keepsState(_ context: RuleContext) throws -> Verdict {
    let rows = try rows(context)
    let drive = try new(context, rows)
    guard drive.model.savesState else { throw Skip("it saves no state") }
    let expected = try trace(try new(context, rows))
    _ = try drive.train(3)
    let state = try drive.state()
    if let fault = KindVerdict.comparing(try drive.state(), state, "saving twice gives two states") {
      return fault
    }
    // What is read past the end of a tensor that is too short is a crash here, not luck.
    let copy = try ModelDrive(context, rows: rows, memory: GuardedMemory())
    try copy.reset(seed: 1)
    try copy.load(state)
    if let fault = KindVerdict.comparing(try copy.state(), state, "what was loaded is saved differently") {
      return fault
    }
    context.trying("loading an empty state")
    try copy.reset(seed: 1)
    try copy.load([:])
    if let fault = KindVerdict.comparing(try trace(copy), expected, "loading nothing differs from a reset") {
      return fault
    }
    for (what, damaged) in DamagedState.variants(of: state) {
      context.trying("loading a state with \(what)")
      try copy.reset(seed: 1)
      do {
        try copy.load(damaged)
        // Taken: then it must be able to go on.
        _ = try? copy.train(1)
      } catch let failure as PluginFailure where failure.hasNoWords {
        return .failed("a state with \(what) is refused without a word")
      } catch is PluginFailure { /* A clean error. */  }
      try copy.reset(seed: 1)
      if let fault = KindVerdict.comparing(
        try trace(copy), expected, "after a state with \(what), reset(seed) does not give a new instance")
      {
        return fault
      }
    }
    return .passed
  }

  // MARK: Hyper-parameters

  private static func setsParameters(_ context: RuleContext) throws -> Verdict {
    let drive = try new(context, try rows(context))
    let initial = try drive.parameters()
    guard !initial.isEmpty else { throw Skip("it has no hyper-parameters") }
    let names = initial.map(\.0)
    guard Set(names).count == names.count else { return .failed("two hyper-parameters have one name") }
    for (name, value) in initial {
      // Halves are exact, and in range wherever the value itself is not the lowest.
      let new = name == "accumulate_grad_batches" ? value + 1 : value / 2
      context.trying("setting '\(name)' to \(new)")
      do { try drive.set(name, new) } catch let failure as PluginFailure {
        guard failure.hasNoWords else { continue }
        return .failed("'\(name)' cannot be set to \(new), and no reason is given")
      }
      let found = try drive.model.parameter(name)
      guard found == new else {
        return .failed("'\(name)' was set to \(new) and is \(found.map { "\($0)" } ?? "gone")")
      }
      for (other, value) in try drive.parameters() where other != name {
        guard let before = initial.first(where: { $0.0 == other })?.1, before == value else {
          return .failed("setting '\(name)' changes '\(other)'")
        }
      }
      try drive.reset(seed: 1)
      let after = try drive.model.parameter(name)
      guard after == value else {
        return .failed(
          "'\(name)' is \(after.map { "\($0)" } ?? "gone") after a reset, and \(value) in a new instance")
      }
    }
    let unknown = "a hyper-parameter that no model has"
    if try drive.model.parameter(unknown) != nil {
      return .failed("it has a value for every name that it is asked for")
    }
    return .passed
  }

  // MARK: Odd batches

  private static func survivesOddBatches(_ context: RuleContext) throws -> Verdict {
    let rows = try rows(context)
    let expected = try trace(try new(context, rows))
    var one = rows
    one.count = 1
    var weightless = rows
    weightless.weight = Array(repeating: 0, count: rows.count)
    var holes = rows
    for index in stride(from: 0, to: holes.features.count, by: 3) { holes.features[index] = .nan }
    var huge = rows
    for index in stride(from: 0, to: huge.features.count, by: 5) { huge.features[index] = 1e38 }
    for (what, odd) in [
      ("one row", one), ("rows without weight", weightless), ("NaN in the features", holes),
      ("enormous features", huge),
    ] {
      context.trying("training and evaluating on \(what)")
      let drive = try new(context, odd)
      let before = try drive.weights()
      do {
        _ = try drive.train(2)
        _ = try drive.evaluate(odd.all)
      } catch let failure as PluginFailure {
        if failure.hasNoWords { return .failed("\(what): \(failure.call) fails without a word") }
        if failure.code == TY_OK { return .failed("\(what): \(failure.words)") }
        continue
      }
      if what == "rows without weight",
        try drive.weights().contains(where: { $0.values.contains(where: \.isNaN) }),
        !before.contains(where: { $0.values.contains(where: \.isNaN) })
      {
        return .failed("a batch whose rows have no weight turns weights into NaN")
      }
      try drive.reset(seed: 1, rows: rows)
      if let fault = KindVerdict.comparing(
        try trace(drive), expected, "after \(what), reset(seed) does not give a new instance")
      {
        return fault
      }
    }
    return .passed
  }
}
