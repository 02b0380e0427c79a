import CTrainyard
import PluginHost

/// Rules about what a model shows, saves and takes back: its weights and its state.
extension ModelRules {
  // MARK: Weights

  static func assigns(_ context: RuleContext) throws -> Verdict {
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

  static func resumes(_ context: RuleContext) throws -> Verdict {
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

  static func keepsState(_ context: RuleContext) throws -> Verdict {
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
}
