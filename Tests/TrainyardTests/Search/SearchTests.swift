import Glibc
import Support
import Testing

@testable import Trainyard

@Suite struct SearchTests {
  static let strategies: [(name: String, settings: String, extra: String)] = [
    ("tpe", "strategy: tpe, trials: 12, lag: 3, tpe: {startup_trials: 4}", ""),
    ("tpe with halving", "trials: 14, lag: 3, tpe: {startup_trials: 4}, halving: {reduction_factor: 2}", ""),
    ("random with halving", "strategy: random, trials: 12, lag: 2, halving: {}", ""),
    (
      "tpe over folds, with halving",
      "trials: 8, lag: 2, tpe: {startup_trials: 3}, halving: {reduction_factor: 2}",
      "cross_validation: {folds: 3}"
    ),
  ]

  @Test(arguments: strategies)
  func `what comes out does not depend on the number of workers`(
    name: String, settings: String, extra: String
  ) throws {
    var dumps: Set<String> = []
    var facts: Set<[String]> = []
    for workers in [1, 2, 3] {
      var moons = try MoonsSearch()
      moons.settings = settings
      moons.extra = extra
      let report = try moons.search(workers: workers).run()
      #expect(report.trials.count == report.trials.count { $0.state.isFinal })
      facts.insert(report.facts)
      dumps.insert(try moons.dump)
      if name.contains("halving") { #expect(report.count(.pruned) > 0, "\(name): nothing was pruned") }
      #expect(report.best != nil)
    }
    #expect(dumps.count == 1, "\(name): the stores differ")
    #expect(facts.count == 1, "\(name): the reports differ")
  }

  @Test func `new instances for each fit give the same`() throws {
    let shared = try MoonsSearch()
    let fresh = try MoonsSearch()
    var second = try fresh.search(workers: 2)
    second.isFresh = true
    #expect(try shared.search(workers: 1).run().facts == second.run().facts)
    #expect(try shared.dump == fresh.dump)
  }

  @Test func `a grid tries every combination, and the best one is written down as a pipeline`() throws {
    var moons = try MoonsSearch()
    moons.parameters =
      "{model.learning_rate: [0.001, 0.05], model.hidden: [[4], [8]], callbacks.early-stopping.patience: {int: [1, 2]}}"
    moons.settings = "strategy: grid, metric: val_accuracy"
    moons.callbacks = "[early-stopping]"
    let report = try moons.search(workers: 2).run()
    #expect(report.trials.count == 8)
    #expect(
      report.trials[1].parameterText
        == "model.learning_rate=0.001 model.hidden=[4] callbacks.early-stopping.patience=2")
    #expect(report.objective.direction == .max, "the metric's own")
    let best = try #require(report.best)
    #expect(report.trials.allSatisfy { $0.value ?? -1 <= best.value ?? 0 })
    let again = try Pipeline(contentsOf: try #require(report.bestConfig)).run()
    #expect(again.best("val_accuracy", .max)?.value == best.value)
    #expect(again.result.series("val_loss") == best.reports.first?.result.series("val_loss"))
    // The same instance of a callback in two trials, and one of its own for other settings: as the trial's own config.
    let table = try readText(moons.folder("runs/moons/trials.csv")).split(separator: "\n")
    #expect(table.count == 9)
    #expect(
      table[0]
        == "trial,state,val_accuracy,model.learning_rate,model.hidden,callbacks.early-stopping.patience,epochs,seconds,error"
    )
    #expect(PathName.exists(moons.folder("runs/moons/trial-007/summary.json")))
  }

  @Test func `a trial that fails is recorded, and the search goes on`() throws {
    var moons = try MoonsSearch()
    moons.parameters =
      "{model.clip_norm: [null, 1.0], model.clip_value: [null, 1.0], model.learning_rate: [0.01, 1e30]}"
    moons.settings = "strategy: grid"
    let report = try moons.search(workers: 2).run()
    #expect(report.trials.map(\.state).count { $0 == .failed } >= 3)
    let both = report.trials.suffix(2)
    #expect(both.allSatisfy { $0.state == .failed && ($0.error ?? "").contains("clip_value") }, "\(both)")
    let diverged = report.trials[1]
    #expect(diverged.state == .failed)
    #expect(diverged.error?.contains("val_loss is") == true, "\(diverged.error ?? "")")
    #expect(report.trials[0].state == .finished)
    #expect(report.best?.number != nil)
  }

  @Test func `an interrupted search goes on where it was, and ends as one that was not`() throws {
    let whole = try MoonsSearch()
    let expected = try whole.search(workers: 1).run()
    let broken = try MoonsSearch()
    var endings: [SearchReport.Ending] = []
    for _ in 0..<20 {
      let interruption = Interruption()
      // After two trials of this call.
      let console = CountingConsole(2) { interruption.request() }
      let report = try broken.search(workers: 2).run(console: console, interruption: interruption)
      endings.append(report.ending)
      if report.ending == .finished {
        #expect(report.facts == expected.facts)
        break
      }
    }
    #expect(endings.count > 2 && endings.last == .finished)
    #expect(try broken.dump == whole.dump)
    // Nothing is left to do, and nothing is done.
    let again = CountingConsole(.max) {}
    let last = try broken.search().run(console: again)
    #expect(last.facts == expected.facts)
    #expect(again.count == 0)
  }

  @Test func `more trials go on with what there is`() throws {
    var moons = try MoonsSearch()
    moons.settings = "trials: 6, lag: 3, tpe: {startup_trials: 2}"
    let first = try moons.search().run()
    moons.settings = "trials: 9, lag: 3, tpe: {startup_trials: 2}"
    let second = try moons.search().run()
    #expect(second.trials.count == 9)
    #expect(Array(second.facts.prefix(6)) == first.facts)
  }

  @Test func `another config under the same name is told apart`() throws {
    var moons = try MoonsSearch()
    moons.settings = "strategy: random, trials: 1"
    _ = try moons.search().run()
    moons.epochs = 2
    let error = #expect(throws: SearchError.self) { try moons.search().run() }
    #expect(error?.code == .differentSearch)
    #expect(error?.message.contains("train.epochs is 4 there and 2 here") == true, "\(error?.message ?? "")")
  }

  @Test func `a search that is asynchronous runs all its trials, once`() throws {
    var moons = try MoonsSearch()
    moons.settings =
      "trials: 10, asynchronous: true, tpe: {startup_trials: 3}, halving: {reduction_factor: 2}"
    let report = try moons.search(workers: 3).run()
    #expect(report.trials.map(\.number) == Array(0..<10))
    #expect(report.trials.allSatisfy { $0.state.isFinal })
    let again = CountingConsole(.max) {}
    #expect(try moons.search(workers: 2).run(console: again).facts == report.facts)
    #expect(again.count == 0)
  }

  @Test func `without a store, trials are kept in memory`() throws {
    let moons = try MoonsSearch()
    let text = try moons.text.replacing("output: {", with: "output: {store: false, ")
    let pipeline = try Pipeline(
      ConfigReader.read(text: text, file: "moons.yaml"), baseFolder: moons.folder.path)
    var plain = try Search(pipeline)
    plain.workers = 2
    let report = try plain.run()
    #expect(try report.facts == moons.search(workers: 1).run().facts)
    #expect(report.store == nil)
  }

  @Test func `a time limit ends a search`() throws {
    var moons = try MoonsSearch()
    moons.settings = "trials: 1000000, time_limit: 1ms, strategy: random"
    let report = try moons.search().run()
    #expect(report.ending == .timeLimit)
    #expect(report.trials.count < 1000)
  }

  @Test func `a search that was done before its time was up has finished`() throws {
    var moons = try MoonsSearch()
    moons.settings = "trials: 2, strategy: random, asynchronous: true"
    _ = try moons.search().run()
    moons.settings += ", time_limit: 1ms"
    let again = try moons.search().run()
    #expect(again.ending == .finished)
    #expect(again.trials.count == 2)
  }

  @Test func `a time limit also ends the wait for a trial of another process`() throws {
    var moons = try MoonsSearch()
    moons.settings = "trials: 1, strategy: random"
    _ = try moons.search().run()
    let store = try RunStore(path: moons.folder("runs/trainyard.db"))
    let other = try #require(try store.study(named: "moons")?.claimNext(below: 2))
    #expect(other.number == 1)
    // The limit counts from the search's beginning: a slow machine may need more to find the first trial.
    var numbers: [Int] = []
    for limit in ["200ms", "2s", "20s", "60s"] where numbers.isEmpty {
      moons.settings = "trials: 2, strategy: random, time_limit: \(limit)"
      let report = try moons.search().run()
      #expect(report.ending == .timeLimit)
      numbers = report.trials.map(\.number)
    }
    #expect(numbers == [0])
  }

  // MARK: The objective

  static let objectives: [(settings: String, callbacks: String, code: String)] = [
    ("metric: val_acuracy", "[]", "did you mean 'val_accuracy'"),
    ("metric: val_acuracy, direction: max", "[]", "did you mean 'val_accuracy'"),
  ]

  @Test(arguments: objectives)
  func `an objective that no trial reports is an error`(
    settings: String, callbacks: String, code: String
  ) throws {
    var moons = try MoonsSearch()
    moons.settings = "strategy: random, trials: 4, \(settings)"
    do {
      _ = try moons.search(workers: 1).run()
      Issue.record("it ran")
    } catch let error as ConfigProblems {
      #expect(error.problems[0].help.contains(code), "\(error)")
      #expect(error.problems[0].position?.line == 10)
    } catch let error as SearchError {
      #expect(error.code == .noObjective)
      #expect(error.help.contains(code))
      let study = try #require(try RunStore(path: moons.folder("runs/trainyard.db")).study(named: "moons"))
      #expect(try study.trials().map(\.state) == [.interrupted], "it is not lost")
    }
  }

  @Test func `a metric without a direction needs one`() throws {
    var moons = try MoonsSearch()
    moons.settings = "strategy: random, trials: 2, metric: gap"
    moons.extra = ""
    let text = try moons.text.replacing(
      "monitors: [accuracy]", with: "monitors: [{name: gap, expression: val_loss - loss}]")
    let pipeline = try Pipeline(
      ConfigReader.read(text: text, file: "moons.yaml"), baseFolder: moons.folder.path)
    let error = #expect(throws: ConfigProblems.self) { try Search(pipeline).run() }
    #expect(error?.problems.first?.help.contains("direction: min") == true)
  }
}

/// Counts lines, and does something after so many.
final class CountingConsole: Console {
  private(set) var count = 0
  private let limit: Int
  private let action: () -> Void

  init(_ limit: Int, _ action: @escaping () -> Void) {
    self.limit = limit
    self.action = action
  }

  func line(_ level: LogLevel, _ text: String) {
    count += 1
    if count == limit { action() }
  }

  func status(_ text: String) {}
  var width: Int { 0 }
}
