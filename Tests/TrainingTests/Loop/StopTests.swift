import Testing

@testable import Training

@Suite struct StopTests {
  private func stopping(_ name: String, in hook: Hook, _ rig: Rig, reason: String = "enough") {
    rig.add(name) { called, event, effects in
      if called == hook, event.epoch <= 0 { effects.append(.stop(reason: reason)) }
    }
  }

  /// What is still called, in an epoch of two batches and one of validation, when a hook asks to stop.
  static let stops: [(hook: Hook, after: [String])] = [
    (.batchBegin, ["optimizer_step 0.0", "batch_end 0.0"]),
    (.batchEnd, []),
  ]

  @Test(arguments: stops)
  func `a stop leaves at the batch boundary and ends the epoch properly`(hook: Hook, after: [String]) throws {
    let rig = Rig(epochs: 3)
    stopping("a", in: hook, rig)
    let result = try rig.fit()
    #expect(result.outcome == .stopped && result.reason == "enough" && result.stoppedBy == "a")
    #expect(
      result.epochs.count == 1 && result.epochs.first?["loss"] == 1.5, "the loss of the first batch alone")
    let ending = [
      "validation_begin 0", "validation_batch_begin 0.0", "validation_batch_end 0.0", "validation_end 0",
      "epoch_end 0", "train_end 0 stopped",
    ]
    let lines = rig.journal.lines(of: "a")
    let begin = try #require(lines.firstIndex(of: "\(hook.name.dropFirst(3)) 0.0"))
    #expect(Array(lines[(begin + 1)...]) == after + ending)
  }

  @Test(arguments: [Hook.trainBegin, .epochBegin])
  func `a stop before the first batch trains nothing, and publishes no loss`(hook: Hook) throws {
    let rig = Rig(epochs: 3)
    let monitor = CountingMonitor("rows", rig.journal, rig.metrics)
    monitor.value = { rows, _ in
      if rows == 0 { throw Fault(description: "no rows") }
      return 1
    }
    rig.trainingMonitors = [monitor]
    stopping("a", in: hook, rig)
    let result = try rig.fit()
    #expect(result.outcome == .stopped && result.steps == 0)
    #expect(!rig.journal.lines.contains("model train_step"))
    #expect(result.epochs.map { $0["loss"] } == (hook == .epochBegin ? [nil] : []))
  }

  @Test func `a stop at the end of an epoch is the end`() throws {
    let rig = Rig(epochs: 3)
    stopping("a", in: .epochEnd, rig)
    let result = try rig.fit()
    #expect(result.epochs.count == 1 && result.outcome == .stopped)
    #expect(rig.journal.lines.suffix(2) == ["a epoch_end 0", "a train_end 0 stopped"])
  }

  @Test func `all callbacks of the hook are told, and the first to ask is named`() throws {
    let rig = Rig(epochs: 3)
    stopping("a", in: .epochEnd, rig, reason: "first")
    stopping("b", in: .epochEnd, rig, reason: "second")
    rig.add("c", hooks: [.epochEnd])
    let result = try rig.fit()
    #expect(result.reason == "first" && result.stoppedBy == "a")
    #expect(rig.journal.lines(of: "c") == ["reset", "epoch_end 0"])
  }

  @Test func `a stop is forgotten by the next run`() throws {
    let rig = Rig(epochs: 2)
    var isFirst = true
    rig.add("a", hooks: [.epochEnd]) { _, _, effects in if isFirst { effects.append(.stop(reason: "enough")) }
    }
    let trainer = try rig.trainer()
    #expect(trainer.fit().epochs.count == 1)
    isFirst = false
    let second = trainer.fit()
    #expect(second.outcome == .finished && second.epochs.count == 2 && second.stoppedBy == nil)
  }

  // MARK: Interruption

  @Test(arguments: [Hook.batchBegin, .batchEnd])
  func `an interruption leaves at the batch boundary`(hook: Hook) throws {
    let rig = Rig(epochs: 2)
    rig.add("a") { [interruption = rig.interruption] called, event, _ in
      if called == hook { interruption.request() }
    }
    let result = try rig.fit()
    #expect(result.outcome == .interrupted && result.epochs.isEmpty)
    #expect(result.reason == "interrupted in epoch 1 of 2")
    #expect(rig.journal.lines.suffix(2) == ["a batch_end 0.0", "a train_end 0 interrupted"])
  }

  @Test func `an interruption during validation leaves there`() throws {
    let rig = Rig(epochs: 2)
    rig.validationLosses = [1, 2, 3, 4, 5, 6]
    rig.model.onEvaluate = { [interruption = rig.interruption] in interruption.request() }
    rig.add("a")
    #expect(try rig.fit().outcome == .interrupted)
    #expect(rig.journal.lines.suffix(2) == ["a validation_batch_end 0.0", "a train_end 0 interrupted"])
  }

  @Test func `an interruption between epochs begins no other`() throws {
    let rig = Rig(epochs: 2)
    rig.add("a") { [interruption = rig.interruption] hook, _, _ in
      if hook == .epochEnd { interruption.request() }
    }
    let result = try rig.fit()
    #expect(result.outcome == .interrupted && result.reason == "interrupted after epoch 1 of 2")
    #expect(rig.journal.lines.suffix(2) == ["a epoch_end 0", "a train_end 0 interrupted"])
  }

  @Test func `an interruption that is asked for before the run trains nothing`() throws {
    let rig = Rig(epochs: 2)
    rig.interruption.request()
    rig.add("a")
    let result = try rig.fit()
    #expect(result.reason == "interrupted before the first epoch of 2" && result.outcome == .interrupted)
    #expect(rig.journal.lines(of: "a") == ["reset", "train_begin", "train_end interrupted"])
  }

  // MARK: Steps

  static let lengths: [(steps: Int?, epochs: Int, reason: String, done: Int)] = [
    (nil, 1, "the one epoch ran", 2),
    (nil, 3, "all 3 epochs ran", 6),
    (1, 1, "max_steps was reached, after 1 steps", 1),
    (2, 1, "the one epoch ran", 2),
    (3, 4, "max_steps was reached, after 3 steps", 3),
    (4, 4, "max_steps was reached, after 4 steps", 4),
    (99, 2, "all 2 epochs ran", 4),
  ]

  @Test(arguments: lengths)
  func `max_steps ends training as finished`(steps: Int?, epochs: Int, reason: String, done: Int) throws {
    let rig = Rig(epochs: epochs)
    rig.settings.maxSteps = steps
    rig.add("a", hooks: [.epochEnd])
    let result = try rig.fit()
    #expect(result.outcome == .finished && result.reason == reason && result.steps == done)
    #expect(result.epochs.count == (done + 1) / 2 && rig.journal.lines(of: "a").count == 1 + (done + 1) / 2)
  }
}
