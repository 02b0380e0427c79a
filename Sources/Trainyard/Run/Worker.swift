import CTrainyard
import PluginHost
import Training

/// One instance of each plugin of a plan, and any number of fits through them: all are reset before each.
///
/// A worker and everything in it belongs to one thread (`RunThread`), from create to destroy.
final class Worker {
  let plan: Plan
  private let context = RunContext()
  private let console: any Console
  private let data: WorkerData
  private let model: ModelAdapter
  private let bridge = EventBridge()
  private var callbacks: [CallbackAdapter] = []
  private var monitors = MonitorSet()
  private let factory: MonitorFactory
  private let initialWeights: [NamedTensor]

  init(_ plan: Plan, console: any Console) throws {
    self.plan = plan
    self.console = console
    // Data first: most of what can be wrong with a run is there, and a model is created for nothing.
    data = try WorkerData(plan, context: context)
    initialWeights = try plan.initialWeights.map { try SafeTensors.read($0).tensors } ?? []
    model = try ModelAdapter(plan.model, run: context)
    context.reserve(plan.monitors.map(\.name) + plan.measures.map(\.name))
    let factory = MonitorFactory(context, validates: data.validates)
    for planned in plan.monitors { monitors.add(try factory.monitors(planned)) }
    for measure in plan.measures { monitors.add(try factory.monitors(measure)) }
    for planned in plan.callbacks {
      callbacks.append(try CallbackAdapter(planned, run: context, bridge: bridge))
    }
    // What callbacks have asked for in their `create` serves every run.
    for planned in context.takeRequestedMonitors() { monitors.add(try factory.monitors(planned)) }
    self.factory = factory
  }

  /// One run: reset of all, training, files. An error before the first reset is thrown; one in training is in the
  /// report.
  func fit(seed: UInt64? = nil, interruption: Interruption = Interruption()) throws -> RunReport {
    let seed = seed ?? plan.training.seed
    // Rows are read from here on: of data that is as new, as all else will be.
    context.seed = seed
    try data.reset()
    let prepared = try data.prepare(seed: seed)
    let task = prepared.task
    let isFullBatch = try check(task)
    let training = try prepared.trainingLoader(fullBatch: isFullBatch)
    let validation = try prepared.validationLoader()
    let folder = try plan.output.folder.map { try RunFolder(in: $0, name: plan.output.name) }
    let facts = self.facts(training, validation, seed: seed)
    var isDone = false
    // What could not even begin leaves nothing behind, and its name free.
    defer { if !isDone { folder?.discard() } }
    context.beginRun(facts, folder: folder, modelID: plan.model.component.id)
    bridge.forget()
    defer { context.endRun() }

    let outputs = RunOutputs(
      folder: folder, console: console, metrics: context.metrics, recordsBatches: plan.output.recordsBatches,
      metadata: [("format", "trainyard"), ("model", plan.model.component.id)])
    if let folder { try AtomicFile.write(JSONWriter.pretty(plan.resolved), to: folder.file("config.json")) }
    let model = model
    try outputs.begin(recordingFacts(facts)) {
      model.parameterNames.compactMap { name in model.parameter(name).map { (name, $0) } }
    }
    if let folder, let began = plan.output.began { outputs.trainingBegins = { began(folder.path) } }
    let found = try plan.training.learningRateSearch.map {
      try findLearningRate($0, task, prepared, interruption, folder)
    }
    let trainer = Trainer(
      model: model, callbacks: callbacks, trainingMonitors: monitors.training,
      validationMonitors: monitors.validation, epochMonitors: monitors.epoch, trainingData: training,
      validationData: validation, task: task, metrics: context.metrics, settings: trainerSettings(seed: seed),
      initialWeights: initialWeights, initialParameters: found.map { [("learning_rate", $0)] } ?? [],
      target: outputs,
      interruption: interruption)
    trainer.addedMonitors = { [context, factory] in
      try context.takeRequestedMonitors().reduce(into: MonitorSet()) { $0.add(try factory.monitors($1)) }
    }
    let result = trainer.fit()
    if let epoch = result.epochs.first(where: { $0["loss"].map { !$0.isFinite } ?? false }) {
      let text =
        "the loss is \(epoch["loss"] ?? .nan) since epoch \(epoch.index + 1): the model has diverged; "
      outputs.log(
        .warning, text + "try a smaller learning rate, and the callback terminate-on-nan ends such a run",
        from: "the loop")
    }
    isDone = !result.neverBegan
    var report = RunReport(
      result: result, folder: isDone ? folder?.path : nil, task: task, trainingRows: training.rows.count,
      validationRows: validation?.rows.count ?? 0, batchesPerEpoch: training.batchCount,
      directions: Dictionary(
        context.metrics.declared.map { ($0.name, $0.declaration.direction) }, uniquingKeysWith: { $1 }),
      warnings: outputs.warnings)
    if let folder, isDone { finish(&report, folder, prepared, seed) }
    return report
  }

  /// A short run of its own with rising learning rates, on the model as it is after a reset. What it learns is
  /// gone with the next one.
  func searchLearningRate(
    _ search: LearningRateSearch, seed: UInt64? = nil, interruption: Interruption = Interruption()
  ) throws -> LearningRateSearch.Result {
    try data.reset()
    let prepared = try data.prepare(seed: seed ?? plan.training.seed)
    _ = try check(prepared.task)
    return try run(search, prepared.task, prepared, interruption)
  }

  private func run(
    _ search: LearningRateSearch, _ task: LearningTask, _ prepared: PreparedData, _ interruption: Interruption
  ) throws -> LearningRateSearch.Result {
    let loader = try prepared.trainingLoader(fullBatch: try model.describe().needsFullBatch)
    do {
      try model.reset(seed: Trainer.modelSeed(prepared.seed), task: task)
      if !initialWeights.isEmpty { try model.assign(initialWeights) }
      return try search.run(model, loader, interruption: interruption)
    } catch { throw failure(error, part: "model '\(model.name)'", call: "find_learning_rate") }
  }

  /// The suggestion, said and written beside the run's other files.
  private func findLearningRate(
    _ search: LearningRateSearch, _ task: LearningTask, _ prepared: PreparedData,
    _ interruption: Interruption,
    _ folder: RunFolder?
  ) throws -> Double {
    let result = try run(search, task, prepared, interruption)
    if let folder { try AtomicFile.write(result.csv, to: folder.file("learning-rate-search.csv")) }
    guard let rate = result.suggestion else {
      throw LoopError(
        "find_learning_rate found no rate: the loss did not fall in \(result.points.count) steps"
          + " from \(search.minimum) to \(result.points.last?.learningRate ?? search.minimum)")
    }
    console.line(.info, "find_learning_rate: \(Float(rate)), where the loss fell fastest")
    return rate
  }

  /// The metrics that a run will have, as far as they are known before its callbacks' `on_train_begin`: data is opened
  /// and monitors are prepared; nothing is trained or written.
  func metrics() throws -> [MetricListing] {
    let prepared = try data.prepare(seed: plan.training.seed)
    let isFullBatch = try check(prepared.task)
    let facts = self.facts(
      try prepared.trainingLoader(fullBatch: isFullBatch), try prepared.validationLoader(),
      seed: plan.training.seed)
    context.beginRun(facts, folder: nil, modelID: plan.model.component.id)
    defer { context.endRun() }
    let metrics = context.metrics
    metrics.beginRun()
    defer { metrics.endRun() }
    Trainer.declareLosses(in: metrics, validates: data.validates)
    for monitor in monitors.all {
      do {
        try monitor.reset()
        try monitor.prepare(prepared.task)
      } catch { throw failure(error, part: "monitor '\(monitor.name)'", call: "prepare") }
    }
    return MetricListing.all(metrics)
  }

  /// The model and the summary. They are written for a failed run too: what was learned so far is the user's.
  private func finish(
    _ report: inout RunReport, _ folder: RunFolder, _ prepared: PreparedData, _ seed: UInt64
  ) {
    if report.result.outcome != .failed || !report.result.epochs.isEmpty {
      do {
        try ModelFolder.write(
          to: folder.file("model"), weights: try model.weights(), preprocessing: prepared.preprocessing,
          plan: plan, task: report.task)
      } catch {
        notSaved("the model", error, &report)
      }
    }
    let summary = Summary.json(report, plan: plan, metrics: context.metrics, seed: seed)
    do {
      try AtomicFile.write(JSONWriter.pretty(summary), to: folder.file("summary.json"))
    } catch {
      notSaved("the summary", error, &report)
    }
  }

  /// A run whose files are not there has failed, however well it trained. The first failure is the one that is told.
  private func notSaved(_ what: String, _ error: any Error, _ report: inout RunReport) {
    let words = (error as? FileError).map { ($0.description, $0.help) } ?? ("\(error)", nil)
    guard report.result.failure == nil else {
      report.warnings.append("\(what) was not saved: \(words.0)")
      return
    }
    let failure = RunFailure(
      part: what, call: "", message: "\(what) was not saved: \(words.0)", help: words.1)
    report.result.failure = failure
    report.result.outcome = .failed
    report.result.reason = failure.description
  }

  private func trainerSettings(seed: UInt64) -> Trainer.Settings {
    var settings = Trainer.Settings()
    settings.epochs = plan.training.epochs
    settings.seed = seed
    settings.validationEvery = plan.training.validationEvery
    settings.maxSteps = plan.training.maxSteps
    settings.isStrict = plan.training.isStrict
    return settings
  }

  /// Asks the model what it answers for the task; returns whether it wants all rows in one batch. The trainer
  /// resets it again: that is the first thing of a run.
  private func check(_ task: LearningTask) throws -> Bool {
    do {
      try model.reset(seed: 0, task: task)
      let facts = try model.describe()
      guard facts.task == task.kind else {
        throw LoopError(
          "the data asks for a \(task.kind.name) task, and the model answers a \(facts.task.name) one")
      }
      return facts.needsFullBatch
    } catch { throw failure(error, part: "model '\(model.name)'", call: "reset") }
  }

  private func facts(_ training: BatchLoader, _ validation: BatchLoader?, seed: UInt64) -> ty_run_facts {
    var facts = ty_run_facts()
    facts.seed = seed
    facts.epochs = Int64(plan.training.epochs)
    facts.batches_per_epoch = Int64(training.batchCount)
    facts.batch_size = Int64(training.batchSize)
    facts.training_rows = Int64(training.rows.count)
    facts.validation_rows = Int64(validation?.rows.count ?? 0)
    facts.threads = Int32(plan.training.threads)
    facts.world = 1
    facts.terminal_width = Int32(console.width)
    return facts
  }

  private func recordingFacts(_ facts: ty_run_facts) -> [(String, JSONValue)] {
    [
      ("epochs", .int(facts.epochs)), ("batches_per_epoch", .int(facts.batches_per_epoch)),
      ("batch_size", .int(facts.batch_size)), ("training_rows", .int(facts.training_rows)),
      ("validation_rows", .int(facts.validation_rows)), ("seed", .string(String(facts.seed))),
      ("model", .string(plan.model.component.id)),
      ("callbacks", .array(plan.callbacks.map { .string($0.name) })),
    ]
  }
}
