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

  static func rows(_ context: RuleContext) throws -> SampleRows {
    guard let rows = try servedRows(context) else { throw Skip("it serves no task that this checker knows") }
    return rows
  }

  static func new(_ context: RuleContext, _ rows: SampleRows, seed: UInt64 = 1) throws -> ModelDrive {
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

  static let steps = 6

  /// All that is seen of a run from the reset on.
  static func trace(_ drive: ModelDrive) throws -> Observations {
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
}
