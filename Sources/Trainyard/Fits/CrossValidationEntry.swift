import RunStore
import Training

/// What the store knows of a cross-validation: one trial, with a fit for each fold. Where the store fails, that is a
/// warning.
final class CrossValidationEntry: Sendable {
  private let plan: Plan
  private let state = Guarded(State())

  private struct State: Sendable {
    var open: (study: Study, trial: TrialRecord)?
    var warning: String?
    var hasBegun = false
  }

  init(_ plan: Plan) { self.plan = plan }

  /// The study is called as the folder, which is new. Another call does nothing.
  func begin(folder: String) {
    let isFirst = state.withLock { state in
      defer { state.hasBegun = true }
      return !state.hasBegun
    }
    guard isFirst, let path = plan.output.store else { return }
    attempt {
      let config = JSONWriter.compact(plan.resolved)
      let study = try RunStore(path: path).replaceStudy(
        StudyRecord(
          name: PathName.last(of: folder), kind: .crossValidation, configDigest: RunStore.digest(config),
          config: config, objective: "val_loss", direction: .min))
      guard case .claimed(let trial) = try study.claim(0, parameters: "{}", seed: plan.training.seed) else {
        return
      }
      state.withLock { $0.open = (study, trial) }
    }
  }

  /// All that came of it, in one transaction.
  func end(_ report: inout CrossValidationReport) {
    let whole = report
    attempt {
      guard let (study, trial) = state.withLock({ $0.open.take() }) else { return }
      let fits = whole.folds.map { fit($0) }
      let directions = whole.reports.first?.directions ?? [:]
      try study.setDirections(directions.compactMapValues(StudyDirection.init))
      try study.finish(
        trial, TrialState(whole.outcome), value: whole.metrics.first { $0.name == "val_loss" }?.mean,
        error: fits.lazy.compactMap(\.0.error).first, fits: fits)
    }
    if let warning = state.withLock({ $0.warning }) { report.warnings.append(warning) }
  }

  /// No fold could begin, and the folder is gone.
  func discard() {
    attempt {
      guard let (study, _) = state.withLock({ $0.open.take() }) else { return }
      try study.store.removeStudy(named: study.name)
    }
  }

  private func fit(_ fold: CrossValidationReport.FoldReport) -> (FitRecord, [MetricRecord]) {
    let seed = plan.training.seed
    switch fold.result {
    case .success(let run):
      var fit = FitRecord(run.result, repeat: fold.repetition, fold: fold.fold, seed: seed)
      fit.folder = run.folder
      fit.value = fold.metrics.first { $0.name == "val_loss" }?.value
      return (fit, MetricRecord.all(of: run.result))
    case .failure(let error):
      var fit = FitRecord(
        repeat: fold.repetition, fold: fold.fold, seed: seed, outcome: Outcome.failed.name)
      fit.error = "\(error)"
      return (fit, [])
    }
  }

  private func attempt(_ body: () throws -> Void) {
    do { try body() } catch {
      let help = (error as? StoreError)?.help.map { "; \($0)" } ?? ""
      state.withLock {
        $0.warning = $0.warning ?? "this cross-validation is not in the store: \(error)\(help)"
      }
    }
  }
}

/// Tells the store once the first epoch of any fold has ended: what never began is not in it.
final class EnteredFold: FitObserver {
  private let inner: any FitObserver
  private let entry: CrossValidationEntry
  private let folder: String?

  init(_ inner: any FitObserver, _ entry: CrossValidationEntry, folder: String?) {
    self.inner = inner
    self.entry = entry
    self.folder = folder
  }

  var name: String { inner.name }

  func epochEnded(_ epoch: Epoch) -> String? {
    if let folder { entry.begin(folder: folder) }
    return inner.epochEnded(epoch)
  }
}
