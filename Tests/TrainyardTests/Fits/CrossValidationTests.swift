import Support
import Testing

@testable import Trainyard

/// Cross-validation by what it gives and leaves.
@Suite struct CrossValidationTests {
  private func moons() throws -> Moons {
    var moons = try Moons()
    moons.epochs = 6
    moons.callbacks = """
      [{plugin: early-stopping, min_delta: 0.02, patience: 1, restore_best_weights: true},
       {plugin: model-checkpoint, save_best_only: true}, csv-logger]
      """
    moons.extra = "cross_validation: {folds: 4, stratify: true}"
    return moons
  }

  private func trail(_ report: CrossValidationReport) throws -> [String] {
    let folder = try #require(report.folder)
    let files = try ["folds.csv", "predictions.csv"].map { try readText("\(folder)/\($0)") }
    return try files + report.reports.flatMap { try $0.timeless() }
  }

  @Test func `the number of workers, and new instances, change nothing`() throws {
    let moons = try moons()
    func run(_ workers: Int, fresh: Bool = false) throws -> CrossValidationReport {
      var validation = CrossValidation(try moons.plan)
      validation.workers = workers
      validation.isFresh = fresh
      return try validation.run()
    }
    let one = try run(1)
    let expected = try trail(one)
    #expect(one.outcome == .finished && one.reports.count == 4 && one.predictions.count == 200)
    for other in try [run(3), run(1, fresh: true), run(2, fresh: true)] {
      #expect(try trail(other) == expected)
    }
    // Each row once, predicted by a model that has not seen it.
    #expect(one.predictions.map(\.row) == (0..<200).map { Int64($0) })
    #expect(Set(one.reports.map(\.validationRows)) == [50])
  }

  @Test func `mean and deviation are of the models as they are kept`() throws {
    var validation = CrossValidation(try moons().plan)
    validation.workers = 1
    let report = try validation.run()
    let losses = try report.folds.map { fold in
      try #require(fold.metrics.first { $0.name == "val_loss" }).value
    }
    let mean = losses.reduce(0, +) / 4
    let squares = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let summary = try #require(report.metrics.first { $0.name == "val_loss" })
    #expect(summary.mean == mean && summary.count == 4 && summary.direction == .min)
    #expect(summary.standardDeviation == (squares / 3).squareRoot())
    // Restored weights: the loss is that of the epoch that they are of.
    for run in report.reports where run.result.outcome == .stopped {
      let held = try #require(run.heldOut?.metrics.first { $0.name == "val_loss" }).value
      #expect(run.result.epochs.dropLast().contains { $0["val_loss"] == held })
    }
    #expect(report.reports.contains { $0.result.outcome == .stopped })
  }

  @Test func `preprocessing is fitted on the training part of each fold alone`() throws {
    let folder = try TemporaryFolder()
    // One row is far from all others: whoever has it in the mean has seen it.
    let rows = (0..<12).map { "\($0 == 5 ? 1000 : $0),\($0 % 2 == 0 ? "a" : "b")" }
    let file = try folder.write("rows.csv", Array(("x,y\n" + rows.joined(separator: "\n") + "\n").utf8))
    let text = """
      data: {train: {dataset: csv, file: \(file), target: y}, standardize: true}
      model: {plugin: mlp, hidden: [2]}
      train: {epochs: 1, batch_size: 2}
      output: {folder: "\(folder("runs"))"}
      plugins: {path: ["\(try builtFolder())"]}
      cross_validation: {folds: 3, shuffle: false}
      """
    let plan = try Pipeline(ConfigReader.read(text: text, file: "p.yaml"), baseFolder: folder.path).plan()
    let report = try CrossValidation(plan).run()
    for (number, run) in report.reports.enumerated() {
      let fitted = try JSONValue(
        parsing: readText(try #require(run.folder) + "/model/preprocessing.json"), from: "preprocessing")
      let trained = (0..<12).filter { $0 / 4 != number }.map { $0 == 5 ? 1000.0 : Double($0) }
      let mean = trained.reduce(0, +) / 8
      #expect(
        JSONWriter.compact(fitted).contains("\(mean)".replacing(#/\.0$/#, with: "")), "\(number): \(mean)")
    }
  }

  @Test func `a fold that fails is reported, and the others go on`() throws {
    let moons = try moons()
    var plan = try moons.plan
    // A monitor that cannot bear the third fold's rows.
    let folds = try RunThread.perform {
      try Worker().folds(CrossValidation(plan).folds, of: plan, seed: plan.training.seed)
    }
    plan.data.validation = .none
    let calls = FoldCounter()
    plan.add(
      ClosureMonitor("picky") { batch, _ in
        if batch.pass == .validation, calls.next() == 3 { throw TestError("this fold cannot be measured") }
        return 0
      })
    var validation = CrossValidation(plan)
    validation.workers = 1
    plan.training.epochs = 1
    validation.plan.training.epochs = 1
    let report = try validation.run()
    #expect(folds.count == 4 && report.folds.count == 4 && report.outcome == .failed)
    let outcomes = report.reports.map(\.result.outcome)
    #expect(outcomes.count { $0 == .failed } == 1 && outcomes.count { $0 == .finished } == 3)
    #expect(report.metrics.first { $0.name == "val_loss" }?.count == 3)
    let summary = try readText(try #require(report.folder) + "/summary.json")
    #expect(summary.contains("this fold cannot be measured"))
  }

  @Test func `what keeps every fold from beginning is thrown, and leaves no folder`() throws {
    let moons = try moons()
    var plan = try moons.plan
    plan.training.batchSize = 1000
    #expect(throws: DataError.self) { try CrossValidation(plan).run() }
    var many = FoldSettings()
    many.folds = 201
    #expect(throws: DataError.self) { try CrossValidation(moons.plan, folds: many).run() }
    #expect(try Shell.run(["find", moons.folder("runs"), "-mindepth", "1"]).output == "")
  }

  @Test func `an interruption begins no more folds`() throws {
    let interruption = Interruption()
    interruption.request()
    let report = try CrossValidation(moons().plan).run(interruption: interruption)
    #expect(report.outcome == .interrupted && report.folds.isEmpty && report.foldCount == 4)
  }

  @Test func `validation data of its own is refused, and a fraction is passed over in words`() throws {
    var plan = try moons().plan
    let report = try CrossValidation(plan).run()
    #expect(report.warnings.count == 1 && report.warnings[0].contains("data.validation (fraction 0.25)"))
    plan.data.validation = .dataset(plan.data.training)
    let problems = #expect(throws: ConfigProblems.self) { try CrossValidation(plan).run() }
    #expect(problems?.problems.map(\.code) == [.conflict])
  }

  static let conflicts: [(text: String, message: String)] = [
    ("{gap: 2}", "'gap' goes with a time series, and the strategy is k-fold"),
    (
      "{strategy: leave-one-out, stratify: true}",
      "'stratify' goes with k-fold, and the strategy is leave-one-out"
    ),
    (
      "{strategy: time-series, group: true}",
      "'group' goes with k-fold and leave-one-out, and the strategy is time-series"
    ),
    (
      "{repeats: 3, shuffle: false}",
      "'repeats' is 3 and 'shuffle' is false: the folds would all be the same"
    ),
    ("{fold: 3}", "unknown key 'fold' of 'cross_validation'"),
    ("{folds: 1}", "key 'folds' of 'cross_validation' must be at least 2, not 1"),
  ]

  @Test(arguments: conflicts)
  func `keys that do not go together are refused`(text: String, message: String) throws {
    let pipeline = "{data: {train: synthetic}, model: mlp, cross_validation: \(text)}"
    let problems = #expect(throws: ConfigProblems.self) {
      try PipelineConfig.read(ConfigReader.read(text: pipeline, file: "p.yaml"), baseFolder: "/")
    }
    #expect(problems?.problems.map(\.message) == [message])
  }

  @Test func `the resolved config reads back as the same`() throws {
    for text in ["{folds: 7, group: 'true', seed: 4}", "{strategy: time-series, gap: 2, max_train_size: 9}"] {
      let pipeline = "{data: {train: synthetic}, model: mlp, cross_validation: \(text)}"
      let config = try PipelineConfig.read(ConfigReader.read(text: pipeline, file: "p.yaml"), baseFolder: "/")
      let again = try PipelineConfig.read(config.resolved(), baseFolder: "/")
      #expect(again.crossValidation?.folds == config.crossValidation?.folds)
      #expect(config.crossValidation != nil)
    }
  }
}

/// Counts calls from several threads.
private final class FoldCounter: Sendable {
  private let count = Guarded(0)
  func next() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
}
