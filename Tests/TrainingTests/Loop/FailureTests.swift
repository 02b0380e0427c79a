import Testing

@testable import Training

@Suite struct FailureTests {
  /// Where something goes wrong in the second epoch, and what the run then says.
  static let faults: [(name: String, says: String, arrange: @Sendable (Rig) -> Void)] = [
    (
      "model", "model 'mean' failed in train_step, epoch 2, batch 2: out of luck",
      { rig in rig.model.onTrain = { if $0 == 4 { throw Fault() } } }
    ),
    (
      "model in validation", "model 'mean' failed in evaluate, epoch 1, batch 1: out of luck",
      { rig in rig.model.onEvaluate = { throw Fault() } }
    ),
    (
      "data", "the training data failed in read, epoch 1, batch 2: row 3 cannot be read",
      { rig in rig.failingTrainingRow = 3 }
    ),
    (
      "validation data", "the validation data failed in read, epoch 1, batch 1: row 0 cannot be read",
      { rig in rig.failingValidationRow = 0 }
    ),
    (
      "monitor", "monitor 'm' failed in update, epoch 1, batch 2: out of luck",
      { rig in
        let monitor = CountingMonitor("m", rig.journal, rig.metrics)
        monitor.onUpdate = { if $0 == 4 { throw Fault() } }
        rig.trainingMonitors = [monitor]
      }
    ),
    (
      "monitor in validation", "monitor 'm' failed in update, epoch 1, batch 1: out of luck",
      { rig in
        let monitor = CountingMonitor("m", rig.journal, rig.metrics)
        monitor.onUpdate = { _ in throw Fault() }
        rig.validationMonitors = [monitor]
      }
    ),
    (
      "monitor at the end", "monitor 'm' failed in compute, epoch 2: out of luck",
      { rig in
        let monitor = CountingMonitor("m", rig.journal, rig.metrics)
        monitor.value = { rows, pass in
          if pass == 2 { throw Fault() }
          return Double(rows)
        }
        rig.trainingMonitors = [monitor]
      }
    ),
    (
      "callback", "callback 'bad' failed in on_validation_batch_end, epoch 2, batch 1: out of luck",
      { rig in
        rig.add("bad") { hook, event, _ in if hook == .validationBatchEnd, event.epoch == 1 { throw Fault() }
        }
      }
    ),
  ]

  @Test(arguments: faults.indices)
  func `an error names its part and place, and everyone is told`(row: Int) throws {
    let fault = Self.faults[row]
    let rig = Rig(epochs: 3)
    var texts: [String?] = []
    for name in ["a", "b"] {
      rig.add(name) { hook, event, _ in if hook == .exception { texts.append(event.text) } }
    }
    fault.arrange(rig)
    let result = try rig.fit()
    #expect(result.outcome == .failed && result.reason == fault.says, "\(fault.name)")
    #expect(texts == [fault.says, fault.says])
    for name in ["a", "b"] {
      let ending = rig.journal.lines(of: name).suffix(2)
      #expect(ending.first?.hasPrefix("exception") == true && ending.last?.hasSuffix("failed") == true)
    }
  }

  @Test func `only callbacks that began are told of the end`() throws {
    let rig = Rig()
    rig.add("a")
    rig.add("b") { hook, _, _ in if hook == .trainBegin { throw Fault() } }
    rig.add("c")
    let result = try rig.fit()
    #expect(result.reason == "callback 'b' failed in on_train_begin: out of luck")
    #expect(rig.journal.lines(of: "a") == ["reset", "train_begin", "exception", "train_end failed"])
    #expect(rig.journal.lines(of: "b") == ["reset", "train_begin"])
    #expect(rig.journal.lines(of: "c") == ["reset"])
  }

  @Test func `a callback without on_train_begin is told of the end`() throws {
    let rig = Rig()
    rig.add("a", hooks: [.trainEnd])
    rig.model.onTrain = { _ in throw Fault() }
    _ = try rig.fit()
    #expect(rig.journal.lines(of: "a") == ["reset", "train_end 0 failed"])
  }

  @Test func `errors on the way out do not hide the first`() throws {
    let rig = Rig()
    rig.add("a") { hook, _, _ in
      if hook == .exception { throw Fault(description: "second") }
      if hook == .trainEnd { throw Fault(description: "third") }
    }
    rig.add("b")
    rig.model.onTrain = { _ in throw Fault(description: "first") }
    let result = try rig.fit()
    #expect(result.failure?.message == "first")
    #expect(
      result.warnings == [
        "callback 'a' failed in on_exception: second", "callback 'a' failed in on_train_end: third",
      ])
    #expect(rig.journal.lines(of: "b").suffix(2) == ["exception 0.0", "train_end 0 failed"])
  }

  @Test func `an error in on_train_end alone fails the run, and the others are still told`() throws {
    let rig = Rig()
    rig.add("a") { hook, _, _ in if hook == .trainEnd { throw Fault() } }
    rig.add("b")
    let result = try rig.fit()
    #expect(result.outcome == .failed && result.epochs.count == 1)
    #expect(result.reason == "callback 'a' failed in on_train_end: out of luck")
    #expect(rig.journal.lines(of: "b").last == "train_end 0 finished")
  }

  @Test func `a run after a failed one is as the first`() throws {
    let rig = Rig(epochs: 2)
    var fails = true
    rig.add("a") { hook, event, _ in if fails, hook == .batchEnd, event.epoch == 1 { throw Fault() } }
    let trainer = try rig.trainer()
    #expect(trainer.fit().outcome == .failed)
    fails = false
    let result = trainer.fit()
    #expect(result.outcome == .finished && result.failure == nil && result.warnings.isEmpty)
    #expect(result.epochs.count == 2)
  }

  // MARK: on_error: drop

  @Test func `a dropped callback is not called again in this run, and is in the next`() throws {
    let rig = Rig(epochs: 2)
    var fails = true
    rig.add("a", onError: .drop) { hook, event, _ in
      if fails, hook == .batchEnd, event.batch == 1 { throw Fault() }
    }
    let trainer = try rig.trainer()
    let first = trainer.fit()
    #expect(first.outcome == .finished && first.epochs.count == 2)
    let reason = "callback 'a' failed in on_batch_end, epoch 1, batch 2: out of luck"
    #expect(first.dropped.map(\.callback) == ["a"] && first.dropped.map(\.reason) == [reason])
    #expect(rig.target.lines == ["warning: \(reason); training goes on without it"])
    #expect(rig.journal.lines(of: "a").last == "batch_end 0.1")

    fails = false
    let second = trainer.fit()
    #expect(second.dropped.isEmpty)
    #expect(rig.journal.lines(of: "a").suffix(2) == ["epoch_end 1", "train_end 1 finished"])
    #expect(rig.journal.lines(of: "a").contains("epoch_begin 0"))
  }

  @Test(arguments: [Hook.trainBegin, .epochBegin, .batchBegin, .validationEnd, .epochEnd])
  func `others are called as ever when one is dropped`(hook: Hook) throws {
    let alone = Rig(epochs: 2)
    alone.add("b")
    _ = try alone.fit()
    let rig = Rig(epochs: 2)
    rig.add("a", onError: .drop) { called, _, _ in if called == hook { throw Fault() } }
    rig.add("b")
    #expect(try rig.fit().outcome == .finished)
    #expect(rig.journal.lines(of: "b") == alone.journal.lines(of: "b"))
    #expect(!rig.journal.lines(of: "a").contains { $0.hasPrefix("train_end") })
  }

  @Test func `a callback that may be dropped does not fail the run at its end`() throws {
    let rig = Rig()
    rig.add("a", onError: .drop) { hook, _, _ in if hook == .trainEnd { throw Fault() } }
    let result = try rig.fit()
    #expect(result.outcome == .finished)
    #expect(result.warnings == ["callback 'a' failed in on_train_end: out of luck"])
  }
}
