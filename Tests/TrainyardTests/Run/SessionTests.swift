import Support
import Testing

@testable import Trainyard

/// The promise of the whole: an instance that was reset is as a new one.
@Suite struct SessionTests {
  private func moons() throws -> Moons {
    var moons = try Moons()
    moons.epochs = 30
    moons.callbacks = """
      [{plugin: early-stopping, monitor: val_loss, min_delta: 0.02, patience: 2, restore_best_weights: true},
       {plugin: model-checkpoint, save_best_only: true, save_last: true}, csv-logger]
      """
    return moons
  }

  @Test func `two fits through one instance of each plugin are those of new instances`() throws {
    let moons = try moons()
    let plan = try moons.plan
    let fresh = try [UInt64(3), 4].map { seed in
      try plan.withSession { try $0.fit(seed: seed).timeless() }
    }
    let shared = try plan.withSession { session in
      try [UInt64(3), 4, 3].map { try session.fit(seed: $0) }
    }
    #expect(shared.allSatisfy { $0.result.outcome == .stopped && $0.result.stoppedBy == "early-stopping" })
    #expect(try shared[0].files().keys.sorted().count > 6, "log, checkpoints, model and recording")
    #expect(fresh[0] != fresh[1], "the seeds make a difference")
    for (report, expected) in zip(shared, [fresh[0], fresh[1], fresh[0]]) {
      let lines = try report.timeless()
      for (line, other) in zip(lines, expected) where line != other { Issue.record("\(line) | \(other)") }
      #expect(lines.count == expected.count)
    }
  }

  @Test func `equal seeds give equal bytes, also when batches are read ahead`() throws {
    var moons = try Moons()
    let first = try moons.plan.run()
    var ahead = try moons.plan
    ahead.training.prefetch = .prefetch
    moons.epochs = 3
    let weights = "./model/weights.safetensors"
    #expect(try ahead.run().files()[weights] == first.files()[weights])
    #expect(try moons.plan.run().files()[weights] != first.files()[weights], "an epoch more shows")
  }

  @Test func `a session goes on after a run that was interrupted`() throws {
    let plan = try moons().plan
    let fresh = try plan.withSession { try $0.fit().timeless() }
    let reports = try plan.withSession { session in
      let interruption = Interruption()
      interruption.request()
      return [try session.fit(interruption: interruption), try session.fit()]
    }
    #expect(reports[0].result.outcome == .interrupted)
    #expect(try reports[1].timeless() == fresh)
  }
}
