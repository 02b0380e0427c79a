import Testing

@testable import Training

@Suite struct MetricTests {
  @Test func `the loss is the weighted mean of the batch, and of the epoch in double`() throws {
    let rig = Rig()
    rig.losses = [0.1, 0.2, 0.3, 1e6, 0.7]
    rig.weights = [1, 3, 0.5, 1e-3, 2]
    let loss = rig.metrics.id(of: "loss")
    var batches: [Double] = []
    rig.add("a", hooks: [.batchEnd]) { _, event, _ in batches.append(event.logs[loss] ?? .nan) }
    let result = try rig.fit()
    func mean(_ rows: Range<Int>) -> Double {
      let weights = rows.map { Double(rig.weights?[$0] ?? 1) }
      let sum = zip(rows, weights).reduce(0.0) { $0 + Double(rig.losses[$1.0]) * $1.1 }
      return sum / weights.reduce(0, +)
    }
    for (batch, rows) in zip(batches, [0..<2, 2..<4, 4..<5]) { #expect(abs(batch / mean(rows) - 1) < 1e-14) }
    #expect(abs(try #require(result.epochs.first?["loss"]) / mean(0..<5) - 1) < 1e-14)
    #expect(result.epochs.first?["val_loss"] == 15)
  }

  @Test func `training monitors have published when validation begins`() throws {
    let rig = Rig()
    rig.trainingMonitors = [CountingMonitor("rows", rig.journal, rig.metrics)]
    rig.validationMonitors = [CountingMonitor("val_rows", rig.journal, rig.metrics)]
    let names = ["loss", "rows", "val_loss", "val_rows"]
    var seen: [String: [String]] = [:]
    rig.add("a", hooks: [.validationBegin, .validationEnd, .epochEnd]) { hook, event, _ in
      seen[hook.name] = names.filter { name in rig.metrics.knownID(of: name).map(event.logs.has) == true }
    }
    let result = try rig.fit()
    #expect(
      seen == ["on_validation_begin": ["loss", "rows"], "on_validation_end": names, "on_epoch_end": names])
    #expect(result.epochs.first?["rows"] == 4 && result.epochs.first?["val_rows"] == 2)
  }

  @Test func `a metric that is absent in an epoch is not there, stale or otherwise`() throws {
    let rig = Rig(epochs: 3)
    let monitor = CountingMonitor("m", rig.journal, rig.metrics)
    monitor.value = { _, pass in pass == 2 ? nil : Double(pass) }
    rig.trainingMonitors = [monitor]
    let id = rig.metrics.id(of: "m")
    var seen: [Double?] = []
    rig.add("a", hooks: [.epochEnd]) { _, event, _ in seen.append(event.logs[id]) }
    let result = try rig.fit()
    #expect(seen == [1, nil, 3] && result.epochs.map { $0["m"] } == [1, nil, 3])
    #expect(result.series("m") == [1, 3])
  }

  @Test func `a value is gone with its batch and its epoch`() throws {
    let rig = Rig(epochs: 2)
    let id = rig.metrics.declare("x", .none, [.batch, .epoch], by: "a")
    var seen: [String] = []
    rig.add("a") { hook, event, effects in
      let isFirst = event.epoch == 0 && event.batch <= 0
      if hook == .batchBegin || hook == .epochBegin, isFirst {
        effects.append(.publish(metric: id, value: 1))
      }
      if event.logs.has(id) { seen.append("\(hook) \(event.epoch) \(event.batch)") }
    }
    _ = try rig.fit()
    #expect(
      seen == [
        "optimizerStep 0 0", "batchEnd 0 0", "validationBegin 0 -1", "validationEnd 0 -1", "epochEnd 0 -1",
      ])
  }

  @Test func `a value of one run is not in the next`() throws {
    let rig = Rig()
    let id = rig.metrics.declare("x", .none, .epoch, by: "a")
    var publishes = true
    rig.add("a", hooks: [.epochEnd]) { _, event, effects in
      if publishes { effects.append(.publish(metric: id, value: 1)) }
    }
    let trainer = try rig.trainer()
    #expect(trainer.fit().epochs.first?["x"] == 1)
    publishes = false
    #expect(trainer.fit().epochs.first?["x"] == nil)
  }

  @Test func `NaN is a value`() throws {
    let rig = Rig()
    let monitor = CountingMonitor("m", rig.journal, rig.metrics)
    monitor.value = { _, _ in .nan }
    rig.trainingMonitors = [monitor]
    var seen: [Bool] = []
    let id = rig.metrics.id(of: "m")
    rig.add("a", hooks: [.epochEnd]) { _, event, _ in seen.append(event.logs[id]?.isNaN == true) }
    #expect(try rig.fit().epochs.first?["m"]?.isNaN == true && seen == [true])
  }

  @Test func `a direction belongs to a run`() throws {
    let rig = Rig()
    var direction: Direction? = .max
    var seen: [Direction?] = []
    rig.add("a", hooks: [.trainBegin, .epochEnd]) { hook, _, _ in
      if hook == .trainBegin, let direction { rig.metrics.declare("x", direction, .epoch, by: "a") }
      if hook == .epochEnd { seen.append(rig.metrics.declaration(of: rig.metrics.id(of: "x"))?.direction) }
    }
    let trainer = try rig.trainer()
    for next in [Direction.min, nil, .max] {
      _ = trainer.fit()
      direction = next
    }
    #expect(seen == [.max, .min, nil])
  }

  @Test func `a metric that nobody produces is an error before training`() throws {
    let rig = Rig()
    rig.metrics.want("val_acc", optional: false, by: "callback 'a'")
    rig.trainingMonitors = [CountingMonitor("rows", rig.journal, rig.metrics)]
    rig.add("a")
    let result = try rig.fit()
    #expect(result.outcome == .failed)
    #expect(result.failure?.message == "callback 'a' watches 'val_acc', which this run does not produce")
    #expect(result.failure?.help == "metrics of this run: loss, val_loss, rows")
    #expect(rig.journal.lines(of: "a") == ["reset", "train_begin", "exception", "train_end failed"])
  }

  @Test(arguments: [true, false])
  func `an optional wish, or a run that is not strict, gets a warning`(isOptional: Bool) throws {
    let rig = Rig()
    rig.settings.isStrict = isOptional
    rig.metrics.want("val_acc", optional: isOptional, by: "callback 'a'")
    let result = try rig.fit()
    #expect(result.outcome == .finished)
    #expect(
      result.warnings == [
        "callback 'a' watches 'val_acc', which this run does not produce; it produces loss, val_loss"
      ])
  }

  @Test func `a wish of one run is not made in the next`() throws {
    let rig = Rig()
    var wish: String? = "nothing"
    rig.add("a", hooks: [.trainBegin]) { _, _, _ in
      if let wish { rig.metrics.want(wish, optional: false, by: "callback 'a'") }
    }
    let trainer = try rig.trainer()
    #expect(trainer.fit().outcome == .failed)
    wish = nil
    #expect(trainer.fit().outcome == .finished)
  }

  @Test func `a reader that is created anew asks once`() {
    let metrics = MetricTable()
    metrics.want("x", optional: false, by: "a")
    metrics.want("y", optional: false, by: "b")
    metrics.beginRun()
    metrics.forget("a")
    metrics.whileCreating { _ = metrics.want("z", optional: false, by: "a") }
    for _ in 0..<2 {
      #expect(metrics.unmetWants.map(\.name) == ["y", "z"])
      metrics.endRun()
      metrics.beginRun()
    }
  }

  @Test func `a sample monitor speaks at the epoch's end and is given no predictions`() throws {
    let rig = Rig()
    let monitor = CountingMonitor("rate", rig.journal, rig.metrics, isSample: true)
    monitor.onUpdate = { _ in throw Fault() }
    rig.trainingMonitors = [monitor]
    rig.add("a", hooks: [.validationEnd, .epochEnd])
    let result = try rig.fit()
    #expect(result.epochs.first?["rate"] == 0)
    #expect(rig.journal.lines.suffix(3) == ["a validation_end 0", "rate compute", "a epoch_end 0"])
  }

  @Test func `notes of an epoch are kept with it`() throws {
    let rig = Rig(epochs: 2)
    rig.add("a", hooks: [.batchEnd]) { _, event, effects in
      if event.batch == 0 { effects.append(.note(Note(name: "e", content: .list([Double(event.epoch)])))) }
    }
    var seen: [[Note]] = []
    rig.add("b", hooks: [.epochBegin, .epochEnd]) { _, event, _ in seen.append(event.notes) }
    let result = try rig.fit()
    let notes = [[Note(name: "e", content: .list([0]))], [Note(name: "e", content: .list([1]))]]
    #expect(result.epochs.map(\.notes) == notes && seen == [[], notes[0], [], notes[1]])
    #expect(rig.target.epochs.map(\.notes) == notes)
  }
}
