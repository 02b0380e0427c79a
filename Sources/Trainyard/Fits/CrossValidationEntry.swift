import RunStore
import Training

/// Writes a cross-validation down in the store: one trial, with a fit for each fold. Where the store fails, that is a
/// warning.
struct CrossValidationEntry {
  let plan: Plan

  func write(_ report: inout CrossValidationReport) {
    guard let path = plan.output.store, let folder = report.folder else { return }
    do {
      try write(report, folder, to: RunStore(path: path))
    } catch {
      let help = (error as? StoreError)?.help.map { "; \($0)" } ?? ""
      report.warnings.append("this cross-validation is not in the store: \(error)\(help)")
    }
  }

  /// In one transaction; the study is called as the folder.
  private func write(_ report: CrossValidationReport, _ folder: String, to store: RunStore) throws {
    let config = JSONWriter.compact(plan.resolved)
    let study = try store.replaceStudy(
      StudyRecord(
        name: PathName.last(of: folder), kind: .crossValidation, configDigest: RunStore.digest(config),
        config: config, objective: "val_loss", direction: .min))
    guard case .claimed(let trial) = try study.claim(0, parameters: "{}", seed: plan.training.seed) else {
      return
    }
    let fits = report.folds.map { fold -> (FitRecord, [MetricRecord]) in
      switch fold.result {
      case .success(let run):
        var fit = FitRecord(
          run.result, repeat: fold.repetition, fold: fold.fold, seed: plan.training.seed)
        fit.folder = run.folder
        fit.value = fold.metrics.first { $0.name == "val_loss" }?.value
        return (fit, MetricRecord.all(of: run.result))
      case .failure(let error):
        var fit = FitRecord(
          repeat: fold.repetition, fold: fold.fold, seed: plan.training.seed, outcome: Outcome.failed.name)
        fit.error = "\(error)"
        return (fit, [])
      }
    }
    let directions = report.reports.first?.directions ?? [:]
    try study.setDirections(directions.compactMapValues(StudyDirection.init))
    try study.finish(
      trial, TrialState(report.outcome), value: report.metrics.first { $0.name == "val_loss" }?.mean,
      error: fits.lazy.compactMap(\.0.error).first, fits: fits)
  }
}
