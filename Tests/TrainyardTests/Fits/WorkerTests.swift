import Support
import Testing

@testable import Trainyard

/// One worker, any plans.
@Suite struct WorkerTests {
  private func plan(_ moons: Moons, _ change: (inout Moons) -> Void = { _ in }) throws -> Plan {
    var moons = moons
    change(&moons)
    return try moons.plan
  }

  private func request(_ plan: Plan, _ folder: String) -> FitRequest {
    var request = FitRequest(plan)
    request.folder = .exact(folder)
    return request
  }

  @Test func `fits of other plans in between leave no trace`() throws {
    let moons = try Moons()
    let patient = "{plugin: early-stopping, patience: 4, restore_best_weights: true}"
    let impatient =
      "{plugin: early-stopping, monitor: gap, mode: min, min_delta: 1, patience: 1, restore_best_weights: true}"
    let plans = try [
      plan(moons) {
        $0.callbacks = "[\(patient), csv-logger]"; $0.epochs = 4
      },
      plan(moons) {
        $0.callbacks = "[learning-rate-monitor, \(impatient), ema-weights, csv-logger]"
        $0.epochs = 5
      },
      plan(moons) {
        $0.callbacks = "[\(patient), json-lines-logger]"; $0.epochs = 3
      },
    ].enumerated().map { number, plan -> Plan in
      var plan = plan
      if number == 1 {
        plan.measures = [
          .expression(PlannedExpression("gap", try Expression("val_loss - loss"), direction: .min))
        ]
        plan.model.options["hidden"] = .list([.int(4), .int(3)])
      }
      return plan
    }
    let order = [0, 1, 2, 0, 1, 2, 1, 0]
    let fresh = try plans.enumerated().map { number, plan in
      try RunThread.perform {
        try Worker().fit(request(plan, moons.folder("fresh/plan-number-\(number)")), console: SilentConsole())
          .timeless()
      }
    }
    try RunThread.perform {
      let worker = Worker()
      for (turn, number) in order.enumerated() {
        let folder = moons.folder("shared-\(turn)/plan-number-\(number)")
        let report = try worker.fit(request(plans[number], folder), console: SilentConsole())
        #expect(report.result.failure == nil)
        let lines = try report.timeless()
        for (line, other) in zip(lines, fresh[number]) where line != other {
          Issue.record("turn \(turn), plan \(number): \(line.prefix(300)) | \(other.prefix(300))")
        }
        #expect(lines.count == fresh[number].count)
      }
    }
  }

  @Test func `instances are kept by their settings, and the oldest go`() throws {
    let moons = try Moons()
    let plan = try plan(moons) { $0.callbacks = "[{plugin: early-stopping, patience: 4}]" }
    try RunThread.perform {
      let pool = InstancePool(RunContext(), EventBridge())
      func callback(patience: Int64) throws -> CallbackAdapter {
        pool.beginFit()
        var planned = plan.callbacks[0]
        planned.options["patience"] = .int(patience)
        return try pool.callback(planned)
      }
      let first = try callback(patience: 1)
      #expect(try callback(patience: 1) === first)
      for patience in 2...4 { _ = try callback(patience: Int64(patience)) }
      #expect(try callback(patience: 1) === first)
      _ = try callback(patience: 5)
      #expect(try callback(patience: 1) === first, "used lately")
      weak var second: CallbackAdapter?
      second = try callback(patience: 2)
      for patience in 10...14 { _ = try callback(patience: Int64(patience)) }
      #expect(second == nil)

      func dataset(_ seed: Int64) throws -> DatasetAdapter {
        pool.beginFit()
        var planned = plan.data.training
        planned.options["seed"] = .int(seed)
        return try pool.dataset(planned)
      }
      weak var one: DatasetAdapter?
      one = try dataset(1)
      let two = try dataset(2)
      #expect(try one != nil && dataset(2) === two)
      _ = try dataset(3)
      #expect(one == nil)
    }
  }

  @Test func `an observer ends a fit under its name`() throws {
    final class Pruner: FitObserver {
      let name = "halving"
      func epochEnded(_ epoch: Epoch) -> String? { epoch.index == 1 ? "not among the best" : nil }
    }
    let moons = try Moons()
    var request = FitRequest(
      try plan(moons) {
        $0.epochs = 9; $0.callbacks = "[learning-rate-monitor]"
      })
    request.observer = Pruner()
    request.predictsValidation = true
    let report = try RunThread.perform { [request] in
      try Worker().fit(request, console: SilentConsole())
    }
    #expect(report.result.outcome == .stopped && report.result.stoppedBy == "halving")
    #expect(report.result.reason == "not among the best" && report.result.epochs.count == 2)
    #expect(report.heldOut?.rows.count == 50 && report.heldOut?.predictions.count == 50)
  }

  @Test func `a session's later fits number the folder that the plan names`() throws {
    let moons = try Moons()
    var plan = try moons.plan
    plan.output.name = "run"
    let folders = try plan.withSession { session in try (0..<3).map { _ in try session.fit().folder } }
    #expect(folders == ["run", "run-2", "run-3"].map { moons.folder("runs/\($0)") })
    #expect(throws: RunFolderTaken.self) { try plan.run() }
  }
}
