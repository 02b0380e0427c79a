import Training

/// Hands out the folds of a cross-validation in their order, and keeps what becomes of them.
final class CrossValidationSource: FitSource {
  private let validation: CrossValidation
  private let display: ManyFitsDisplay
  private let interruption: Interruption
  private let entry: CrossValidationEntry
  private let state = Guarded(State())

  private struct State: Sendable {
    var folds: Folds?
    var folder: String?
    var next = 0
    var results: [Int: Result<RunReport, any Error>] = [:]
    /// Of the folds that have it: to look at all of them after each would take the square of their number.
    var lossSum = 0.0
    var lossCount = 0
  }

  init(
    _ validation: CrossValidation, _ display: ManyFitsDisplay, _ interruption: Interruption,
    _ entry: CrossValidationEntry
  ) {
    self.entry = entry
    self.validation = validation
    self.display = display
    self.interruption = interruption
  }

  // MARK: Jobs

  func prepare(_ worker: Worker) throws {
    let plan = validation.plan
    let folds = try worker.folds(validation.folds, of: plan, seed: plan.training.seed)
    for warning in folds.warnings { display.warn(warning) }
    let folder = try RunFolder(FitRequest.folder(of: plan))
    state.withLock { $0.folder = folder?.path }
    if let folder { try AtomicFile.write(JSONWriter.pretty(plan.resolved), to: folder.file("config.json")) }
    display.total(folds.count)
    state.withLock { $0.folds = folds }
  }

  func next() -> FitJob? {
    let job = state.withLock { state -> FitJob? in
      guard let folds = state.folds, state.next < folds.count else { return nil }
      let number = state.next
      state.next += 1
      var request = FitRequest(validation.plan, fold: folds[number])
      request.predictsValidation = true
      request.folder = state.folder.map { .exact(PathName.join($0, folds.folderName(number))) } ?? .none
      return FitJob(number: number, request: request)
    }
    guard var job else { return nil }
    let label = label(job.number)
    job.request.observer = EnteredFold(
      display.observer(label, epochs: validation.plan.training.epochs), entry,
      folder: state.withLock { $0.folder })
    display.began(label)
    return job
  }

  func finished(_ job: FitJob, _ result: Result<RunReport, any Error>) {
    let loss = CrossValidationReport.FoldReport.metrics(of: result).first { $0.name == "val_loss" }?.value
    let mean = state.withLock { state -> Double? in
      state.results[job.number] = result
      if let loss {
        state.lossSum += loss
        state.lossCount += 1
      }
      return state.lossCount > 0 ? state.lossSum / Double(state.lossCount) : nil
    }
    display.finished(
      label(job.number), result, soFar: mean.map { "val_loss \(ShortNumber.text($0)) so far" } ?? "")
  }

  /// As lines call it: "fold 3", "repeat 2, fold 3".
  func label(_ number: Int) -> String {
    let folds = state.withLock { $0.folds }
    guard let folds else { return "fold \(number + 1)" }
    return folds.label(number)
  }

  // MARK: The end

  func discard() {
    entry.discard()
    if let folder = state.withLock({ $0.folder }) { PathName.remove(folder) }
  }

  /// - Throws: Where no fold has begun, what the first one says.
  func report() throws -> CrossValidationReport {
    let state = state.withLock { $0 }
    guard let folds = state.folds else { throw LoopError("the cross-validation has no folds") }
    let numbers = state.results.keys.sorted()
    let results = numbers.compactMap { state.results[$0] }
    let hasBegun = results.contains { (try? $0.get()).map { !$0.result.neverBegan } ?? false }
    if !hasBegun, let first = results.first {
      discard()
      throw first.blame ?? LoopError("no fold has begun")
    }
    return CrossValidationReport(folds, numbers, results, folder: state.folder)
  }
}

extension Folds {
  func label(_ number: Int) -> String {
    let (turn, fold) = place(of: number)
    return settings.repeats > 1 ? "repeat \(turn + 1), fold \(fold + 1)" : "fold \(fold + 1)"
  }

  /// In the run's folder.
  func folderName(_ number: Int) -> String {
    let (turn, fold) = place(of: number)
    return settings.repeats > 1 ? "repeat-\(turn + 1)/fold-\(fold + 1)" : "fold-\(fold + 1)"
  }
}

extension Result<RunReport, any Error> {
  /// What went wrong, whether the fit began or not.
  var blame: (any Error)? {
    switch self {
    case .failure(let error): error
    case .success(let report): report.result.failure
    }
  }
}
