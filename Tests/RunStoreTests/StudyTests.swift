import RunStore
import Support
import Testing

/// Studies, trials, fits and metrics: what is written is what is read.
@Suite struct StudyTests {
  let folder: TemporaryFolder
  let store: RunStore

  init() throws {
    folder = try TemporaryFolder()
    store = try RunStore(path: folder("runs/deep/trainyard.db"))
  }

  private func study(_ name: String = "digits", digest: String = "d") throws -> Study {
    try store.openStudy(
      name: name, kind: .search, configDigest: digest, config: "{\"a\": 1}", objective: "val_loss",
      direction: .min)
  }

  private func claimed(_ study: Study, _ number: Int, _ parameters: String = "{}") throws -> TrialRecord {
    guard case .claimed(let trial) = try study.claim(number, parameters: parameters, seed: 7, worker: "0")
    else {
      throw TestError("trial \(number) was not to be had")
    }
    return trial
  }

  @Test func `a study is continued by its name`() throws {
    let first = try study()
    let again = try study()
    #expect(first.record == again.record)
    #expect(first.record.kind == .search)
    #expect(first.record.config == "{\"a\": 1}")
    #expect(try store.studies().map(\.name) == ["digits"])
  }

  @Test func `another config under the same name is an error that has both`() throws {
    _ = try study()
    let error = #expect(throws: StudyDiffers.self) {
      _ = try store.openStudy(
        name: "digits", kind: .search, configDigest: "e", config: "{\"a\": 2}",
        objective: "val_loss", direction: .min)
    }
    #expect(error?.stored.config == "{\"a\": 1}")
    #expect(error?.wanted.config == "{\"a\": 2}")
    #expect(error?.description == "the study 'digits' in '\(store.path)' is of another config")
    let kind = #expect(throws: StudyDiffers.self) {
      _ = try store.openStudy(name: "digits", kind: .run, configDigest: "d", config: "")
    }
    #expect(kind?.description == "the study 'digits' in '\(store.path)' is of kind search, not run")
  }

  @Test(arguments: ["", "a/b", "a\nb", String(repeating: "x", count: 256)])
  func `a name that could not stand in an id is refused`(name: String) throws {
    let error = #expect(throws: StoreError.self) { _ = try study(name) }
    #expect(error?.code == .badName)
  }

  @Test(arguments: ["Größe 'x'", "a \"b\"", "; DROP TABLE studies; --", "日本語", "%_?", "-"])
  func `quotes, blanks and all of Unicode are letters like others`(name: String) throws {
    let trial = try claimed(try study(name), 0, "{\"\(name)\": 1}")
    var fit = FitRecord(seed: .max, outcome: "stopped")
    fit.reason = name
    fit.stoppedBy = ""
    fit.folder = "runs/\(name)"
    fit.error = "a\u{0}b"
    let study = try #require(try store.study(named: name))
    try study.record(fit, [MetricRecord(epoch: 0, name: name, value: 1)], of: trial)
    let read = try #require(try study.fits(of: trial).first)
    #expect(read.reason == name && read.stoppedBy == "" && read.folder == "runs/\(name)")
    #expect(read.error == "a\u{0}b")
    #expect(read.seed == .max)
    #expect(try study.metrics(of: read).map(\.name) == [name])
    #expect(try study.trial(0)?.parameters == "{\"\(name)\": 1}")
  }

  @Test func `every double comes back, NaN and the infinities too`() throws {
    let values: [Double] = [
      .nan, .infinity, -.infinity, 0, 1, -1, 0.1, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e15,
    ]
    let study = try study()
    let trial = try claimed(study, 0)
    let metrics = values.enumerated().map { MetricRecord(epoch: $0, name: "loss", value: $1) }
    var fit = FitRecord(outcome: "finished")
    fit.value = .nan
    try study.record(fit, metrics, of: trial)
    let read = try #require(try study.fits(of: trial).first)
    #expect(read.value?.isNaN == true)
    let back = try study.series("loss", of: read)
    #expect(back.map(\.epoch) == Array(values.indices))
    #expect(zip(back, values).allSatisfy { $0.value == $1 || $0.value.isNaN && $1.isNaN })
    for (number, value) in [(1, Double?.some(.nan)), (2, .infinity), (3, nil), (4, 0.5)] {
      try study.finish(try claimed(study, number), .finished, value: value)
      let stored = try #require(try study.trial(number)).value
      #expect(stored.map(\.description) == value.map(\.description))
    }
  }

  @Test func `a trial that has ended is not claimed again`() throws {
    let study = try study()
    for (number, state) in [TrialState.finished, .pruned, .failed].enumerated() {
      try study.finish(try claimed(study, number), state, value: 1, error: "e")
      guard case .ended(let trial) = try study.claim(number, parameters: "{}", seed: 7) else {
        Issue.record("a trial that is \(state) was claimed")
        continue
      }
      #expect(trial.state == state && trial.value == 1 && trial.error == "e")
    }
    #expect(try study.claimNext(below: 3) == nil)
    #expect(try study.nextNumber() == 3)
    #expect(try study.counts() == [.finished: 1, .pruned: 1, .failed: 1])
  }

  @Test func `a trial that this process works on is held`() throws {
    let study = try study()
    _ = try claimed(study, 0)
    guard case .held = try study.claim(0, parameters: "{}", seed: 7) else {
      Issue.record("a running trial was claimed twice")
      return
    }
    #expect(try study.claimNext(below: 1) == nil)
    #expect(try study.claimNext(below: 2)?.number == 1)
  }

  @Test func `an interrupted trial is claimed again, without what it had`() throws {
    let study = try study()
    let first = try claimed(study, 0)
    try study.record(FitRecord(outcome: "finished"), [MetricRecord(epoch: 0, name: "a", value: 1)], of: first)
    try study.finish(first, .interrupted)
    let second = try #require(try study.claimNext(below: 9))
    #expect(second.number == 0 && second.attempt == 2 && second.parameters == "{}" && second.seed == 7)
    #expect(try study.fits(of: second) == [])
    // Who held it before has nothing more to say about it.
    let error = #expect(throws: StoreError.self) { try study.finish(first, .finished) }
    #expect(error?.code == .notClaimed)
    #expect(throws: StoreError.self) { try study.record(FitRecord(outcome: "finished"), [], of: first) }
    try study.finish(second, .finished)
  }

  @Test func `numbers that were left out are claimed first`() throws {
    let study = try study()
    _ = try claimed(study, 1)
    try study.finish(try claimed(study, 4), .finished)
    #expect(try (0..<5).map { _ in try study.claimNext(below: 6)?.number } == [0, 2, 3, 5, nil])
  }

  @Test func `a trial is not claimed with other parameters than it has`() throws {
    let study = try study()
    try study.finish(try claimed(study, 0), .interrupted)
    let error = #expect(throws: StoreError.self) { _ = try study.claim(0, parameters: "{\"x\": 1}", seed: 7) }
    #expect(error?.code == .differentTrial)
    #expect(throws: StoreError.self) { _ = try study.claim(0, parameters: "{}", seed: 8) }
  }

  @Test func `parameters may be proposed after the claim`() throws {
    let study = try study()
    var trial = try #require(try study.claimNext(below: 1, worker: "w"))
    #expect(trial.parameters == nil)
    try study.propose(&trial, parameters: "{\"x\": 1}", seed: 3)
    let stored = try #require(try study.trial(0))
    #expect(stored.parameters == "{\"x\": 1}" && stored.seed == 3 && stored.worker == "w")
    #expect(stored == trial)
  }

  @Test func `a waiting trial is claimed with what it waits with`() throws {
    let study = try study()
    #expect(try study.enqueue(0, parameters: "{\"x\": 2}", seed: 5))
    #expect(try !study.enqueue(0, parameters: "{}"))
    #expect(try study.trial(0)?.state == .waiting)
    let trial = try #require(try study.claimNext(below: 1))
    #expect(trial.parameters == "{\"x\": 2}" && trial.seed == 5 && trial.state == .running)
  }

  @Test func `fits come in the order of rung, repeat and fold, and one of the same place replaces the other`()
    throws
  {
    let study = try study()
    let trial = try claimed(study, 0)
    for (rung, turn, fold) in [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)] {
      try study.record(FitRecord(rung: rung, repeat: turn, fold: fold, outcome: "failed"), [], of: trial)
    }
    let metric = MetricRecord(epoch: 0, name: "loss", value: 2)
    try study.record(FitRecord(outcome: "finished"), [metric], of: trial)
    try study.record(FitRecord(outcome: "stopped"), [], of: trial)
    let fits = try study.fits(of: trial)
    #expect(fits.map { [$0.rung, $0.repeat, $0.fold] } == [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]])
    #expect(fits[0].outcome == "stopped")
    #expect(try study.metrics(of: fits[0]).isEmpty)
  }

  @Test func `the best trial goes by the direction, and NaN is never best`() throws {
    for (direction, best) in [(StudyDirection.min, 1), (.max, 2)] {
      let study = try store.openStudy(
        name: direction.rawValue, kind: .search, configDigest: "", config: "", objective: "m",
        direction: direction)
      for (number, value) in [Double.nan, 1, 2, 1, 2].enumerated() {
        try study.finish(try claimed(study, number), .finished, value: value)
      }
      try study.finish(try claimed(study, 5), .failed, value: direction == .min ? 0 : 9)
      #expect(try study.best()?.number == best)
    }
  }

  @Test func `directions of metrics can be said and said again`() throws {
    let study = try study()
    try study.setDirections(["loss": .min, "accuracy": .min])
    try study.setDirections(["accuracy": .max])
    #expect(try study.directions() == ["loss": .min, "accuracy": .max])
  }

  @Test func `a removed study takes all of its own away and nothing else`() throws {
    for name in ["one", "two"] {
      let study = try study(name)
      let trial = try claimed(study, 0)
      try study.record(
        FitRecord(outcome: "finished"), [MetricRecord(epoch: 0, name: "a", value: 1)], of: trial)
    }
    #expect(try store.removeStudy(named: "one"))
    #expect(try !store.removeStudy(named: "one"))
    #expect(try store.studies().map(\.name) == ["two"])
    let two = try #require(try store.study(named: "two"))
    let trial = try #require(try two.trial(0))
    let fit = try #require(try two.fits(of: trial).first)
    #expect(try two.metrics(of: fit).count == 1)
  }

  @Test func `the canonical dump knows no time, process, worker, folder or attempt`() throws {
    func fill(_ store: RunStore, worker: String, attempts: Int) throws -> String {
      let study = try store.openStudy(name: "s", kind: .search, configDigest: "d", config: worker)
      for _ in 1..<attempts { try study.finish(try claimed(study, 0, "{}"), .interrupted) }
      guard case .claimed(let trial) = try study.claim(0, parameters: "{}", seed: 7, worker: worker) else {
        throw TestError("not claimed")
      }
      var fit = FitRecord(outcome: "finished")
      fit.folder = worker
      fit.seconds = Double(attempts)
      let metrics = [("loss", 0.5), ("rows_per_second", Double(attempts))]
      try study.finish(
        trial, .finished, value: .nan,
        fits: [(fit, metrics.map { MetricRecord(epoch: 0, name: $0.0, value: $0.1) })])
      return try store.canonicalDump { $0 == "rows_per_second" }
    }
    let other = try RunStore(path: folder("other.db"))
    let dump = try fill(store, worker: "a", attempts: 1)
    #expect(dump == (try fill(other, worker: "b", attempts: 3)))
    #expect(
      dump == """
        study "s" "search" "d" - -
          trial "0" "finished" "{}" "nan" "7" -
            fit "0" "0" "0" - "finished" "" - "0" "0" - -
              metric "0" "loss" "0.5"

        """)
  }
}
