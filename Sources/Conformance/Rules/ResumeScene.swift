import PluginHost

/// A run that is saved in its middle and goes on in a new instance, beside the same run in one piece.
struct ResumeScene {
  let context: RuleContext
  /// What is measured, or tells of time: a window of it need not reach over an interruption.
  let loose: Set<String>

  init(_ context: RuleContext) throws {
    self.context = context
    let timed = try Measurement.timed(context).flatMap { [$0, "-" + $0] }
    loose = context.measured.union(context.measured.map { "-" + $0 }).union(timed)
  }

  struct Outcome {
    /// What followed the save, in one piece and resumed.
    var whole: Trace
    var resumed: Trace
    /// Of the one that was only saved and ran on.
    var afterSaving: Trace
    var beginning: TraceEntry?
    var state: [String] = []
    var failure: String?

    var differs: Bool { failure != nil || whole != resumed || whole != afterSaving || !state.isEmpty }
  }

  /// - Parameter position: How many of the script's calls are behind when it is saved.
  func play(_ script: RunScript, savedAt position: Int) throws -> Outcome? {
    let whole = try context.callback()
    try whole.reset(run: 1)
    try whole.run(script)
    let tail = self.tail(whole, after: position)

    let saving = try context.callback()
    try saving.reset(run: 1)
    var run = ScriptedRun(script)
    while run.position < position { if try !saving.advance(&run) { return nil } }
    // A run that is about to stop is not saved.
    guard saving.host.stopReason == nil, run.position == position, run.begun, !saving.instance.state.isFailed
    else {
      return nil
    }
    let snapshot = saving.host.snapshot
    let state = try saving.state()
    while try saving.advance(&run) {}
    let afterSaving = self.tail(saving, after: position)

    let resumed = try context.callback()
    try resumed.reset(run: 1)
    resumed.host.restore(snapshot)
    do { try resumed.load(state) } catch let failure as PluginFailure {
      return Outcome(whole: tail, resumed: Trace(), afterSaving: afterSaving, failure: failure.words)
    }
    var rest = ScriptedRun(script, from: position)
    while try resumed.advance(&rest) {}
    let beginning = resumed.trace.entries.first { $0.site.call == "on_train_begin" }
    var outcome = Outcome(
      whole: tail, resumed: self.tail(resumed, after: position), afterSaving: afterSaving,
      beginning: beginning)
    let end = try? whole.state()
    if let end, let own = try? resumed.state() {
      outcome.state = StateComparison.differences(
        own, "at the end of the resumed run", end, "at the end of the run in one piece",
        measured: loose)
    }
    return outcome
  }

  private func tail(_ callback: ScriptedCallback, after position: Int) -> Trace {
    let entries = zip(callback.trace.entries, callback.positions).filter { entry, at in
      entry.site.call != "on_train_begin" && at > position
    }
    // The end comes after every position.
    let rest = callback.trace.entries.dropFirst(callback.positions.count)
    return Trace(entries.map(\.0) + rest).masking(loose)
  }

  /// After how many calls a run is saved: at the ends of epochs, in their middle, at batches.
  static func positions(_ script: RunScript, strict: Bool) -> [Int] {
    let moments = script.moments
    var found: [Int] = []
    for (index, moment) in moments.enumerated() {
      let isBoundary = moment.hook == .epochEnd || moment.hook == .batchEnd
      if isBoundary || strict && moment.hook != .trainBegin { found.append(index + 1) }
    }
    guard found.count > (strict ? 60 : 16) else { return found }
    let step = Double(found.count) / (strict ? 60 : 16)
    return (0..<(strict ? 60 : 16)).map { found[Int(Double($0) * step)] }
  }

  func detail(_ script: RunScript, _ position: Int, _ outcome: Outcome) throws -> [String] {
    let callback = try context.callback()
    let site = script.moments[position - 1].site
    var lines = ["run:             \(ScriptText(callback).text(script))", "saved after:     \(site)"]
    if let failure = outcome.failure { return lines + ["state_load fails: \(failure)"] }
    lines += outcome.state.map { "state:           \($0)" }
    if let (resumed, whole) = outcome.resumed.firstDifference(from: outcome.whole) {
      lines.append("uninterrupted:   \(ResetScene.line(whole))")
      lines.append("resumed:         \(ResetScene.line(resumed))")
    } else if let (saved, whole) = outcome.afterSaving.firstDifference(from: outcome.whole) {
      lines.append("not saved:       \(ResetScene.line(whole))")
      lines.append("saved, going on: \(ResetScene.line(saved))")
    }
    return lines
  }
}
