import Testing

@testable import Training

/// A run that is taken up from any of its states does, from there on, what the whole run did.
@Suite struct ResumeTests {
  /// Remembers something, has slots, asks for things; all of it in state.
  private final class Counter: LoopCallback {
    let journal: Journal
    var count = 0

    init(_ name: String, _ journal: Journal) {
      self.journal = journal
      super.init(name: name, hooks: Set(Hook.allCases))
    }

    override func reset() { count = 0 }

    override func call(_ hook: Hook, _ event: EventFrame) throws {
      guard hook != .trainBegin else { return }
      count += 1
      let logs = event.logs.entries.map { "\($0.id)=\($0.value)" }.joined(separator: ",")
      journal.add(
        "\(name) \(count) \(hook.name) \(event.epoch).\(event.batch) step \(event.step) \(event.examples) [\(logs)]"
      )
      if hook == .trainEnd { return }
      if hook == .batchEnd { effects.append(.blendSlot(0, slotScale: 0.5, weightScale: 0.5)) }
      if hook == .epochEnd {
        effects.append(.setParameter(name: "learning_rate", value: 1 / Double(count)))
        effects.append(.note(Note(name: "n", content: .list([Double(count)]))))
        if event.epoch == 1 { effects.append(.swapSlot(0)) }
      }
    }

    override func saveState() -> StateTable { ["count": .int(Int64(count))] }
    override func loadState(_ state: StateTable) {
      if case .int(let value)? = state["count"] { count = Int(value) }
    }
  }

  private func rig() -> Rig {
    let rig = Rig(epochs: 3)
    rig.losses = [1, 2, 3, 4, 5, 6, 7]
    rig.shuffle = true
    rig.settings.seed = 9
    rig.settings.validationEvery = 2
    rig.callbacks = [Counter("a", rig.journal), Counter("b", rig.journal)]
    let monitor = CountingMonitor("rows", rig.journal, rig.metrics)
    monitor.value = { rows, _ in Double(rows) }
    rig.trainingMonitors = [monitor]
    rig.validationMonitors = [CountingMonitor("val_rows", rig.journal, rig.metrics)]
    return rig
  }

  /// All states of a run, and what was done after each.
  private func whole(_ change: (Rig) -> Void = { _ in }) throws -> (
    states: [RunState], after: [[String]], result: FitResult, weight: Float, rate: Double?
  ) {
    let rig = rig()
    change(rig)
    var marks: [Int] = []
    rig.target.isDue = { _ in true }
    rig.target.onCheckpoint = { [unowned journal = rig.journal] in marks.append(journal.lines.count) }
    let result = try rig.fit()
    let after = marks.map { Array(rig.journal.lines[$0...]) }
    return (
      rig.target.states, after, result, rig.model.weight.floats[0], rig.model.parameter("learning_rate")
    )
  }

  private func check(_ change: @escaping (Rig) -> Void = { _ in }) throws {
    let whole = try whole(change)
    let phases = Set(whole.states.map(\.position.phase))
    #expect(phases == Set(RunPosition.Phase.allCases))
    for (state, after) in zip(whole.states, whole.after) {
      let rig = rig()
      change(rig)
      var begun = 0
      rig.add("begin", hooks: [.trainBegin]) { [unowned journal = rig.journal] _, event, _ in
        begun = journal.lines.count
        #expect(event.step == state.step)
      }
      let trainer = try rig.trainer()
      let result = trainer.fit(from: state)
      #expect(result.outcome == whole.result.outcome && result.reason == whole.result.reason)
      #expect(Array(rig.journal.lines[begun...]) == after, "\(state.position)")
      #expect(rig.model.weight.floats[0] == whole.weight, "\(state.position)")
      #expect(rig.model.parameter("learning_rate") == whole.rate)
      #expect(result.steps == whole.result.steps)
      #expect(
        result.epochs.map { "\($0.metrics)\($0.notes)" }
          == whole.result.epochs.map { "\($0.metrics)\($0.notes)" })
    }
  }

  @Test func `a run goes on from every batch, validation batch and epoch as if it had not been left`() throws
  {
    try check()
  }

  @Test func `so does one whose model keeps the snapshots itself`() throws {
    try check { rig in
      rig.model.hasSnapshots = true
      rig.callbacks = [Taker("a", rig.journal)]
    }
  }

  /// Keeps the first weights of each epoch, and puts them back at its end.
  private final class Taker: LoopCallback {
    let journal: Journal

    init(_ name: String, _ journal: Journal) {
      self.journal = journal
      super.init(name: name, hooks: [.epochBegin, .epochEnd])
    }

    override func call(_ hook: Hook, _ event: EventFrame) {
      journal.add("\(name) \(hook.name)")
      effects.append(hook == .epochBegin ? .takeSlot(3) : .restoreSlot(3))
    }
  }

  @Test func `so does one that max_steps ends within an epoch`() throws {
    try check { $0.settings.maxSteps = 10 }
  }

  @Test func `a callback that was dropped stays dropped`() throws {
    let change: (Rig) -> Void = { rig in
      rig.add("weak", hooks: [.batchEnd], onError: .drop) { _, event, _ in
        if event.epoch == 0, event.batch == 1 { throw Fault() }
      }
    }
    let whole = try whole(change)
    let last = try #require(whole.states.last)
    #expect(last.callbacks["weak"] == nil && last.dropped.count == 1)
    let rig = rig()
    change(rig)
    let result = try rig.trainer().fit(from: last)
    #expect(result.dropped.map(\.callback) == ["weak"])
    #expect(!rig.journal.lines.contains { $0.hasPrefix("weak batch") })
  }

  @Test func `an interruption is kept before anyone is told of the end`() throws {
    let rig = rig()
    rig.target.onCheckpoint = { [unowned journal = rig.journal] in journal.add("checkpoint") }
    rig.add("c", hooks: [.batchEnd, .trainEnd]) { [unowned interruption = rig.interruption] hook, event, _ in
      if hook == .batchEnd, event.epoch == 1, event.batch == 2 { interruption.request() }
    }
    let result = try rig.fit()
    #expect(result.outcome == .interrupted)
    #expect(rig.journal.lines.suffix(4).first == "checkpoint")
    #expect(rig.journal.lines.last == "c train_end 1 interrupted")
    #expect(rig.target.states.last?.position == RunPosition(.training, epoch: 1, batch: 3))
  }

  @Test func `a state that a part cannot load ends the run before anything is trained`() throws {
    final class Refusing: LoopCallback {
      override func loadState(_ state: StateTable) throws { throw Fault(description: "not mine") }
    }
    let state = try #require(try whole { $0.callbacks.append(Refusing(name: "r", hooks: [])) }.states.last)
    let rig = rig()
    rig.callbacks.append(Refusing(name: "r", hooks: []))
    let result = try rig.trainer().fit(from: state)
    #expect(result.neverBegan && result.reason == "callback 'r' failed in state_load: not mine")
  }
}
