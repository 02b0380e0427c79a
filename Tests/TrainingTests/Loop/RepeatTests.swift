import Testing

@testable import Training

/// What is the same however often, and however, a run is made.
@Suite struct RepeatTests {
  private func rig(_ mode: BatchLoader.Mode = .inline, seed: UInt64 = 7) -> Rig {
    let rig = Rig(epochs: 3)
    rig.losses = (0..<37).map { Float($0) * 0.37 }
    rig.batchSize = 5
    rig.shuffle = true
    rig.mode = mode
    rig.settings.seed = seed
    rig.add("a")
    rig.trainingMonitors = [CountingMonitor("rows", rig.journal, rig.metrics)]
    return rig
  }

  private func outcome(_ result: FitResult, _ rig: Rig) -> [String] {
    let values = result.epochs.flatMap { epoch in epoch.metrics.map { "\($0.name) \($0.value.bitPattern)" } }
    return ["\(rig.model.weight.floats[0].bitPattern)", "\(result.steps)"] + values
  }

  @Test func `a second fit is bit for bit the first of a new trainer`() throws {
    let fresh = rig()
    let expected = outcome(try fresh.fit(), fresh)
    let shared = rig()
    let trainer = try shared.trainer()
    for _ in 0..<3 { #expect(outcome(trainer.fit(), shared) == expected) }
    let run = fresh.journal.lines
    #expect(shared.journal.lines == run + run + run)
  }

  @Test func `another seed gives other weights`() throws {
    let (first, second) = (rig(), rig(seed: 8))
    #expect(outcome(try first.fit(), first) != outcome(try second.fit(), second))
  }

  @Test func `reading ahead changes nothing`() throws {
    let (inline, ahead) = (rig(.inline), rig(.prefetch))
    #expect(outcome(try inline.fit(), inline) == outcome(try ahead.fit(), ahead))
  }

  @Test func `a run that ends early leaves the data to the next`() throws {
    let rig = rig(.prefetch)
    rig.model.onTrain = { if $0 == 2 { throw Fault() } }
    let trainer = try rig.trainer()
    #expect(trainer.fit().outcome == .failed)
    rig.model.onTrain = { _ in }
    let fresh = self.rig(.prefetch)
    #expect(outcome(trainer.fit(), rig) == outcome(try fresh.fit(), fresh))
  }

  // MARK: Costs

  private func calls(_ result: FitResult, _ callback: String) -> [Hook: Int] {
    Dictionary(
      result.costs.filter { $0.callback == callback }.map { ($0.hook, $0.calls) },
      uniquingKeysWith: { $0 + $1 })
  }

  @Test func `calls are counted exactly, though batches are timed on a sample`() throws {
    let rig = Rig(epochs: 2)
    rig.losses = Array(repeating: 1, count: 300)
    rig.add("a", hooks: [.batchEnd, .epochEnd, .trainEnd, .validationBatchBegin])
    let trainer = try rig.trainer()
    for _ in 0..<2 {
      #expect(
        calls(trainer.fit(), "a") == [.batchEnd: 300, .epochEnd: 2, .trainEnd: 1, .validationBatchBegin: 2])
    }
  }

  @Test(arguments: [1, 64, 65, 130])
  func `calls of a callback end where it is dropped, and where the run fails`(batch: Int) throws {
    for policy in [LoopCallback.ErrorPolicy.drop, .fail] {
      let rig = Rig()
      rig.losses = Array(repeating: 1, count: 300)
      rig.add("before", hooks: [.batchEnd])
      rig.add("a", hooks: [.batchEnd], onError: policy) { _, event, _ in
        if event.batch == batch - 1 { throw Fault() }
      }
      rig.add("after", hooks: [.batchEnd])
      let result = try rig.fit()
      for name in ["before", "a", "after"] {
        let told = rig.journal.lines(of: name).count - 1
        #expect(calls(result, name)[.batchEnd] ?? 0 == told, "\(name), \(policy)")
      }
    }
  }
}
