import Testing

@testable import Training

@Suite struct HookOrderTests {
  @Test func `one epoch calls every hook in its place`() throws {
    let rig = Rig()
    rig.add("a")
    rig.add("b", hooks: [.epochEnd, .trainEnd])
    rig.trainingMonitors = [CountingMonitor("rows", rig.journal, rig.metrics)]
    rig.validationMonitors = [CountingMonitor("val_rows", rig.journal, rig.metrics)]
    #expect(try rig.fit().outcome == .finished)
    #expect(
      rig.journal.lines == [
        "a reset", "b reset", "model reset", "rows reset", "val_rows reset", "a train_begin",
        "a epoch_begin 0", "rows pass_begin",
        "a batch_begin 0.0", "model train_step", "a optimizer_step 0.0", "a batch_end 0.0",
        "a batch_begin 0.1", "model train_step", "a optimizer_step 0.1", "a batch_end 0.1",
        "rows compute", "a validation_begin 0", "val_rows pass_begin",
        "a validation_batch_begin 0.0", "model evaluate", "a validation_batch_end 0.0",
        "val_rows compute", "a validation_end 0", "a epoch_end 0", "b epoch_end 0",
        "a train_end 0 finished", "b train_end 0 finished",
      ])
  }

  @Test func `two callbacks are called in the order of the list`() throws {
    let rig = Rig(epochs: 2)
    rig.add("b")
    rig.add("a")
    _ = try rig.fit()
    let own = rig.journal.lines.filter { !$0.hasPrefix("model") }
    let (first, second) = (rig.journal.lines(of: "b"), rig.journal.lines(of: "a"))
    #expect(first == second && first.contains("batch_end 1.1"))
    #expect(own == zip(first, second).flatMap { ["b " + $0, "a " + $1] })
  }

  @Test func `a hook that nobody has costs nobody a call`() throws {
    let rig = Rig(epochs: 2)
    rig.add("a", hooks: [.epochEnd])
    _ = try rig.fit()
    #expect(rig.journal.lines(of: "a") == ["reset", "epoch_end 0", "epoch_end 1"])
  }

  @Test func `all are reset before the first on_train_begin of every run`() throws {
    let rig = Rig()
    for name in ["a", "b", "c"] { rig.add(name, hooks: [.trainBegin]) }
    let trainer = try rig.trainer()
    for _ in 0..<3 { _ = trainer.fit() }
    let run = ["a reset", "b reset", "c reset", "a train_begin", "b train_begin", "c train_begin"]
    #expect(rig.journal.lines.filter { !$0.hasPrefix("model") } == run + run + run)
  }

  @Test func `a reset that fails ends the run before on_train_begin`() throws {
    let rig = Rig()
    rig.add("a")
    rig.add("b").resetFails = true
    let result = try rig.fit()
    #expect(result.outcome == .failed)
    #expect(result.reason == "callback 'b' failed in reset: out of luck")
    #expect(rig.journal.lines == ["a reset", "b reset"])
  }

  @Test func `an optimizer that accumulates gradients is told of only when it steps`() throws {
    let rig = Rig()
    rig.model.onTrain = { [unowned model = rig.model] call in model.optimizerSteps = call % 2 == 0 ? 1 : 0 }
    rig.add("a", hooks: [.optimizerStep])
    #expect(try rig.fit().steps == 1)
    #expect(rig.journal.lines(of: "a") == ["reset", "optimizer_step 0.1"])
  }

  @Test func `events tell steps and rows`() throws {
    let rig = Rig()
    rig.losses = [1, 2, 3]
    var seen: [String] = []
    rig.add("a") { hook, event, _ in seen.append("\(hook) \(event.step) \(event.examples)") }
    _ = try rig.fit()
    #expect(
      seen == [
        "trainBegin 0 0", "epochBegin 0 0", "batchBegin 0 2", "optimizerStep 1 2", "batchEnd 1 2",
        "batchBegin 1 1",
        "optimizerStep 2 1", "batchEnd 2 1", "validationBegin 2 0", "validationBatchBegin 2 2",
        "validationBatchEnd 2 2", "validationEnd 2 2", "epochEnd 2 3", "trainEnd 2 3",
      ])
  }

  @Test func `validation comes after every n-th epoch`() throws {
    let rig = Rig(epochs: 5)
    rig.settings.validationEvery = 2
    rig.add("a", hooks: [.validationEnd])
    let result = try rig.fit()
    #expect(rig.journal.lines(of: "a") == ["reset", "validation_end 1", "validation_end 3"])
    #expect(result.epochs.map { $0["val_loss"] } == [nil, 15, nil, 15, nil])
  }

  @Test func `a recording has the batch hooks though nobody listens`() throws {
    let rig = Rig()
    rig.target.recordsAll = true
    _ = try rig.fit()
    #expect(rig.target.events.filter { $0 == "on_batch_end" }.count == 2)
    #expect(rig.target.events.contains("on_validation_batch_begin"))
  }
}
