import CTrainyard
import PluginHost
import Training

/// Fits anything that is asked of it, one fit after the other, through one instance of each plugin and settings: all
/// that take part are reset before each. Data is opened and parsed once.
///
/// A worker and everything in it belongs to one thread (`RunThread`), from create to destroy.
final class Worker {
  private let context = RunContext()
  private let bridge = EventBridge()
  private let pool: InstancePool

  init() { pool = InstancePool(context, bridge) }

  /// What instances are told the time by.
  var clock: RunClock {
    get { context.clock }
    set { context.clock = newValue }
  }

  /// The parts of one fit.
  private struct Parts {
    var plan: Plan
    var data: FitData
    var model: ModelAdapter
    var monitors = MonitorSet()
    var callbacks: [CallbackAdapter] = []
    var factory: MonitorFactory
    var initialWeights: [NamedTensor]
  }

  private func parts(_ plan: Plan, fold: Fold? = nil) throws -> Parts {
    pool.beginFit()
    context.beginParts(reserving: plan.monitors.map(\.name) + plan.measures.map(\.name))
    // Data first: most of what can be wrong with a run is there, and a model is created for nothing.
    let data = try FitData(plan, fold: fold, from: pool)
    let initialWeights = try plan.initialWeights.map { try SafeTensors.read($0).tensors } ?? []
    let model = try pool.model(plan.model)
    context.model = model
    var parts = Parts(
      plan: plan, data: data, model: model, factory: MonitorFactory(pool, validates: data.validates),
      initialWeights: initialWeights)
    for planned in plan.monitors { parts.monitors.add(try parts.factory.monitors(planned)) }
    for measure in plan.measures { parts.monitors.add(try parts.factory.monitors(measure)) }
    for planned in plan.callbacks { parts.callbacks.append(try pool.callback(planned)) }
    // What callbacks have asked for in their `create` serves every run.
    for planned in context.takeRequestedMonitors() {
      parts.monitors.add(try parts.factory.monitors(planned))
    }
    return parts
  }

  /// The folds of a plan's training data.
  func folds(_ settings: FoldSettings, of plan: Plan, seed: UInt64) throws -> Folds {
    pool.beginFit()
    context.beginParts(reserving: [])
    context.seed = seed
    let source = try pool.dataset(plan.data.training)
    do { try source.reset() } catch { throw failure(error, part: source.name, call: "reset") }
    return try Folds(settings, of: source, task: plan.data.task)
  }

  /// One run: reset of all, training, files. An error before the first reset is thrown; one in training is in the
  /// report.
  /// - Parameter point: Where the run goes on, which was checked against the request's plan.
  func fit(
    _ request: FitRequest, from point: ResumePoint? = nil, console: any Console,
    interruption: Interruption = Interruption()
  ) throws -> RunReport {
    context.helpers.writable = [request.folder.parent].compactMap { $0 }
    let parts = try parts(request.plan, fold: request.fold)
    let (plan, model, seed) = (parts.plan, parts.model, request.seed)
    // Rows are read from here on: of data that is as new, as all else will be.
    context.seed = seed
    try parts.data.reset()
    let prepared = try parts.data.prepare(seed: seed)
    let task = prepared.task
    model.beginRun()
    let isFullBatch = try model.unlessItDies { try check(task, model) }
    let training = try prepared.trainingLoader(fullBatch: isFullBatch)
    let validation = try prepared.validationLoader(fullBatch: isFullBatch)
    let identity = CheckpointContents(plan, prepared, training, validation)
    // Nobody takes up a run without checkpoints.
    let isWanted = point != nil || request.checkpoints != nil
    let digests = try DataDigests(isWanted ? prepared.sources : [], seed: seed)
    let folder = try point.map { try $0.openFolder(identity, digests) } ?? RunFolder(request.folder)
    var facts = self.facts(plan, training, validation, seed: seed, width: console.width)
    point?.describe(in: &facts)
    var isDone = point != nil
    // What could not even begin leaves nothing behind, and its name free.
    defer { if !isDone { folder?.discard() } }
    context.beginRun(facts, folder: folder, modelID: plan.model.component.id)
    bridge.forget()
    defer { context.endRun() }

    let outputs = RunOutputs(
      folder: folder, console: console, metrics: context.metrics, recordsBatches: plan.output.recordsBatches,
      metadata: [("format", "trainyard"), ("model", plan.model.component.id)])
    if let folder {
      // Nobody takes up a run without checkpoints: then it is made safe with what the run leaves.
      try AtomicFile.write(
        to: folder.file("config.json"), isDurable: request.checkpoints != nil
      ) { try $0.write(JSONWriter.pretty(plan.resolved)) }
    }
    try outputs.begin(from: point, recordingFacts(plan, facts)) {
      model.parameterNames.compactMap { name in model.parameter(name).map { (name, $0) } }
    }
    if let folder, let began = plan.output.began { outputs.trainingBegins = { began(folder.path) } }
    context.helpers.tell = { outputs.log(.warning, $0, from: $1) }
    defer { context.helpers.tell = { _, _ in } }
    let found =
      try point.map { $0.contents.foundLearningRate }
      ?? plan.training.learningRateSearch.map {
        search in
        try model.unlessItDies {
          try findLearningRate(search, parts, prepared, interruption, folder, console)
        }
      }
    let rewind = RunRewind(
      outputs: outputs, folder: folder, from: point,
      recordingFacts: recordingFacts(plan, self.facts(plan, training, validation, seed: seed, width: 0)))
    func takeCheckpoints(_ point: ResumePoint?, _ held: RunLock?) throws {
      try outputs.takeCheckpoints(
        request.checkpoints, identity.finding(found), baseFolder: plan.baseFolder, from: point, held: held,
        context.clock)
      outputs.checkpoints?.digests = digests
    }
    try takeCheckpoints(point, nil)
    defer { outputs.checkpoints = nil }
    let trainer = Trainer(
      model: model, callbacks: parts.callbacks, trainingMonitors: parts.monitors.training,
      validationMonitors: parts.monitors.validation, epochMonitors: parts.monitors.epoch,
      trainingData: training, validationData: validation, task: task, metrics: context.metrics,
      settings: trainerSettings(plan, seed: seed), initialWeights: parts.initialWeights,
      initialParameters: found.map { [("learning_rate", $0)] } ?? [], target: outputs,
      interruption: interruption)
    trainer.addedMonitors = { [context, factory = parts.factory] in
      try context.takeRequestedMonitors().reduce(into: MonitorSet()) { $0.add(try factory.monitors($1)) }
    }
    if let observer = request.observer {
      // Told of an epoch once, and taken at its word when the epoch is done again.
      var answers: [Int: String?] = [:]
      trainer.afterEpoch = { epoch in
        let answer = answers[epoch.index] ?? observer.epochEnded(epoch)
        answers[epoch.index] = .some(answer)
        return answer.map { ($0, observer.name) }
      }
    }
    trainer.goBack = { [context, bridge] trainer in
      guard let failure = model.helperFailure, failure.incident.policy == .restart else { return nil }
      let point = try rewind.goBack(after: failure.incident, trainer, takingCheckpoints: takeCheckpoints)
      var facts = self.facts(plan, training, validation, seed: seed, width: console.width)
      point?.describe(in: &facts)
      context.beginRun(facts, folder: folder, modelID: plan.model.component.id)
      bridge.forget()
      return Trainer.Start(point?.contents.run)
    }
    // Snapshots are of this model; the next fit may have another.
    defer { do { try trainer.dropSlots() } catch { pool.remove(model) } }
    let result = trainer.fit(from: point?.contents.run)
    if let epoch = result.epochs.first(where: { $0["loss"].map { !$0.isFinite } ?? false }) {
      let text =
        "the loss is \(ShortNumber.text(epoch["loss"] ?? .nan)) since epoch \(epoch.index + 1): the model has diverged; "
      outputs.log(
        .warning, text + "try a smaller learning rate, and the callback terminate-on-nan ends such a run",
        from: "the loop")
    }
    isDone = point != nil || !result.neverBegan
    var report = RunReport(
      result: result, folder: isDone ? folder?.path : nil, task: task, trainingRows: training.rows.count,
      validationRows: validation?.rows.count ?? 0, batchesPerEpoch: training.batchCount,
      directions: Dictionary(
        context.metrics.declared.map { ($0.name, $0.declaration.direction) }, uniquingKeysWith: { $1 }),
      warnings: outputs.warnings)
    report.incidents = context.helpers.takeIncidents()
    report.rollbacks = rewind.rollbacks
    if request.predictsValidation, let validation { measureHeldOut(&report, trainer, validation) }
    if let folder, isDone, !result.neverBegan { finish(&report, folder, parts, prepared, seed) }
    outputs.checkpoints?.end(report.result.outcome)
    return report
  }

  /// A model that cannot be asked any more has failed, however well it trained.
  private func measureHeldOut(_ report: inout RunReport, _ trainer: Trainer, _ validation: BatchLoader) {
    guard [.finished, .stopped].contains(report.result.outcome) else { return }
    var heldOut = HeldOutResult()
    heldOut.rows = validation.rows
    do {
      heldOut.metrics = try trainer.validate { heldOut.append($0, $1) }
      report.heldOut = heldOut
    } catch {
      report.fail(failure(error, part: "the held-out rows", call: "evaluate"))
    }
  }

  /// A short run of its own with rising learning rates, on the model as it is after a reset. What it learns is
  /// gone with the next one.
  func searchLearningRate(
    _ search: LearningRateSearch, _ plan: Plan, interruption: Interruption = Interruption()
  ) throws -> LearningRateSearch.Result {
    let parts = try parts(plan)
    try parts.data.reset()
    let prepared = try parts.data.prepare(seed: plan.training.seed)
    _ = try check(prepared.task, parts.model)
    return try run(search, parts, prepared, interruption)
  }

  private func run(
    _ search: LearningRateSearch, _ parts: Parts, _ prepared: PreparedData, _ interruption: Interruption
  ) throws -> LearningRateSearch.Result {
    let model = parts.model
    let loader = try prepared.trainingLoader(fullBatch: try model.describe().needsFullBatch)
    do {
      try model.reset(seed: Trainer.modelSeed(prepared.seed), task: prepared.task)
      if !parts.initialWeights.isEmpty { try model.assign(parts.initialWeights) }
      return try search.run(model, loader, interruption: interruption)
    } catch { throw failure(error, part: "model '\(model.name)'", call: "find_learning_rate") }
  }

  /// The suggestion, said and written beside the run's other files.
  private func findLearningRate(
    _ search: LearningRateSearch, _ parts: Parts, _ prepared: PreparedData, _ interruption: Interruption,
    _ folder: RunFolder?, _ console: any Console
  ) throws -> Double {
    let result = try run(search, parts, prepared, interruption)
    if interruption.isRequested { throw InterruptedBeforeTraining() }
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
  func metrics(_ plan: Plan) throws -> [MetricListing] {
    let parts = try parts(plan)
    try parts.data.reset()
    let prepared = try parts.data.prepare(seed: plan.training.seed)
    let isFullBatch = try check(prepared.task, parts.model)
    let facts = self.facts(
      plan, try prepared.trainingLoader(fullBatch: isFullBatch),
      try prepared.validationLoader(fullBatch: isFullBatch),
      seed: plan.training.seed, width: 0)
    context.beginRun(facts, folder: nil, modelID: plan.model.component.id)
    defer { context.endRun() }
    let metrics = context.metrics
    metrics.beginRun()
    defer { metrics.endRun() }
    Trainer.declareLosses(in: metrics, validates: parts.data.validates)
    for monitor in parts.monitors.all {
      do {
        try monitor.reset()
        try monitor.prepare(prepared.task)
      } catch { throw failure(error, part: "monitor '\(monitor.name)'", call: "prepare") }
    }
    return MetricListing.all(metrics)
  }

  /// A run that ends before its first batch, for what only its beginning finds out: all are reset, callbacks are told of
  /// its begin and of its end as interrupted, and the set of metrics is frozen. Nothing is trained, and nothing that is written stays.
  func rehearse(_ plan: Plan) throws -> [MetricListing] {
    var request = FitRequest(plan)
    request.plan.training.learningRateSearch = nil
    request.plan.output.began = nil
    // Where a run would have a folder, callbacks are to find one.
    let folder = try plan.output.folder.map { _ in try ReplayFolder() }
    defer { withExtendedLifetime(folder) {} }
    if let folder { request.folder = .exact(PathName.join(folder.path, "run")) }
    let interruption = Interruption()
    interruption.request()
    let report = try fit(request, console: SilentConsole(), interruption: interruption)
    if let failure = report.result.failure { throw failure }
    return MetricListing.all(context.metrics)
  }

  /// The model and the summary. They are written for a failed run too: what was learned so far is the user's.
  ///
  /// All files of the run are made safe together; what is recorded of it afterwards has them.
  private func finish(
    _ report: inout RunReport, _ folder: RunFolder, _ parts: Parts, _ prepared: PreparedData, _ seed: UInt64
  ) {
    let files = FileGroup()
    if report.result.outcome != .failed || !report.result.epochs.isEmpty {
      do {
        let weights = try parts.model.weights()
        try ModelFolder.add(
          to: files, as: folder.file("model"), weights: weights, preprocessing: prepared.preprocessing,
          plan: parts.plan, task: report.task)
        if let importance = FeatureImportance(weights, prepared.preprocessing) {
          try files.add(importance.csv, as: folder.file("feature-importance.csv"))
        }
      } catch {
        notSaved("the model", error, &report)
      }
    }
    func summary() -> String {
      JSONWriter.pretty(Summary.json(report, plan: parts.plan, metrics: context.metrics, seed: seed))
    }
    do {
      try files.add(summary(), as: folder.file("summary.json"))
    } catch {
      notSaved("the summary", error, &report)
    }
    do {
      if let config = try? SyncedFile(at: folder.file("config.json")) { files.include([config]) }
      files.include(try folder.appendedFiles().files)
      try files.commit()
    } catch {
      notSaved("the model", error, &report)
      // What there is to say of it now.
      do { try AtomicFile.write(summary(), to: folder.file("summary.json")) } catch {
        notSaved("the summary", error, &report)
      }
    }
  }

  /// A run whose files are not there has failed, however well it trained.
  private func notSaved(_ what: String, _ error: any Error, _ report: inout RunReport) {
    let words = (error as? FileError).map { ($0.description, $0.help) } ?? ("\(error)", nil)
    report.fail(
      RunFailure(part: what, call: "", message: "\(what) was not saved: \(words.0)", help: words.1))
  }

  private func trainerSettings(_ plan: Plan, seed: UInt64) -> Trainer.Settings {
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
  private func check(_ task: LearningTask, _ model: ModelAdapter) throws -> Bool {
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

  private func facts(
    _ plan: Plan, _ training: BatchLoader, _ validation: BatchLoader?, seed: UInt64, width: Int
  ) -> ty_run_facts {
    var facts = ty_run_facts()
    facts.seed = seed
    facts.epochs = Int64(plan.training.epochs)
    facts.batches_per_epoch = Int64(training.batchCount)
    facts.batch_size = Int64(training.batchSize)
    facts.training_rows = Int64(training.rows.count)
    facts.validation_rows = Int64(validation?.rows.count ?? 0)
    facts.threads = Int32(plan.training.threads)
    facts.world = 1
    facts.terminal_width = Int32(clamping: width)
    return facts
  }

  private func recordingFacts(_ plan: Plan, _ facts: ty_run_facts) -> [(String, JSONValue)] {
    [
      ("epochs", .int(facts.epochs)), ("batches_per_epoch", .int(facts.batches_per_epoch)),
      ("batch_size", .int(facts.batch_size)), ("training_rows", .int(facts.training_rows)),
      ("validation_rows", .int(facts.validation_rows)), ("seed", .string(String(facts.seed))),
      ("model", .string(plan.model.component.id)),
      ("callbacks", .array(plan.callbacks.map { .string($0.name) })),
    ]
  }
}
