import Training

/// What a cross-validation leaves beside the folders of its folds.
///
///     folds.csv        a row for each fold: how it ended, its metrics
///     predictions.csv  what each row was predicted to be by a model that was not trained on it
///     summary.json     mean and standard deviation of each metric, how each fold ended and who stopped it
struct CrossValidationFiles {
  static let schema = 1
  private let report: CrossValidationReport
  private let validation: CrossValidation

  init(_ report: CrossValidationReport, _ validation: CrossValidation) {
    self.report = report
    self.validation = validation
  }

  func write() throws {
    guard let folder = report.folder else { return }
    let files = FileGroup()
    try files.add(foldsText, as: PathName.join(folder, "folds.csv"))
    if let task = report.reports.first(where: { $0.heldOut != nil })?.task {
      try files.add(as: PathName.join(folder, "predictions.csv")) { try writePredictions(task, to: $0) }
    }
    try files.add(JSONWriter.pretty(summary), as: PathName.join(folder, "summary.json"))
    try files.commit()
  }

  private var repeats: Bool { report.settings.repeats > 1 }

  // MARK: folds.csv

  /// Numbers count from 1, as the folders do.
  private var foldsText: String {
    let names = report.metrics.map(\.name)
    var text = CSVLine.text(
      (repeats ? ["repeat"] : [])
        + ["fold", "training_rows", "validation_rows", "outcome", "stopped_by", "epochs", "steps"] + names)
    for fold in report.folds {
      let run = try? fold.result.get()
      var cells = repeats ? ["\(fold.repetition + 1)"] : []
      cells.append("\(fold.fold + 1)")
      cells += [run.map { "\($0.trainingRows)" } ?? "", run.map { "\($0.validationRows)" } ?? ""]
      cells += [run?.result.outcome.name ?? Outcome.failed.name, run?.result.stoppedBy ?? ""]
      cells += [run.map { "\($0.result.epochs.count)" } ?? "0", run.map { "\($0.result.steps)" } ?? "0"]
      let metrics = Dictionary(fold.metrics.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
      cells += names.map { metrics[$0].map { "\($0)" } ?? "" }
      text += CSVLine.text(cells)
    }
    return text
  }

  // MARK: predictions.csv

  private func writePredictions(_ task: LearningTask, to output: borrowing OutputFile) throws {
    let file = PredictionFile(task: task)
    var text = file.line(
      ["row"] + (repeats ? ["repeat"] : []) + ["fold"] + file.targetColumns + file.columns)
    for prediction in report.predictions {
      text += file.line(
        ["\(prediction.row)"] + (repeats ? ["\(prediction.repetition + 1)"] : [])
          + ["\(prediction.fold + 1)"] + file.cells(ofTarget: prediction.target)
          + file.cells(prediction.values))
      if text.utf8.count > 1 << 16 {
        try output.write(text)
        text = ""
      }
    }
    try output.write(text)
  }

  // MARK: summary.json

  private var summary: JSONValue {
    .record([
      ("schema", .int(Int64(Self.schema))),
      ("outcome", .string(report.outcome.name)),
      ("folds", .int(Int64(report.foldCount))),
      ("seconds", .double((report.seconds * 1e6).rounded() / 1e6)),
      ("seed", .string(String(validation.plan.training.seed))),
      ("metrics", .record(report.metrics.map { ($0.name, metric($0)) })),
      // How the deviation divides: by folds - ddof, as in NumPy.
      ("ddof", 1),
      ("fits", .array(report.folds.map(fit))),
      ("warnings", .array(report.warnings.map { .string($0) })),
    ])
  }

  private func metric(_ metric: CrossValidationReport.MetricSummary) -> JSONValue {
    .record([
      ("mean", .double(metric.mean)),
      ("standard_deviation", metric.standardDeviation.map { .double($0) } ?? .null),
      ("folds", .int(Int64(metric.count))), ("direction", .string(metric.direction.name)),
    ])
  }

  private func fit(_ fold: CrossValidationReport.FoldReport) -> JSONValue {
    var pairs: [(String, JSONValue)] = []
    if repeats { pairs.append(("repeat", .int(Int64(fold.repetition + 1)))) }
    pairs.append(("fold", .int(Int64(fold.fold + 1))))
    switch fold.result {
    case .failure(let error):
      pairs += [("outcome", .string(Outcome.failed.name)), ("reason", .string("\(error)"))]
    case .success(let run):
      pairs += [
        ("outcome", .string(run.result.outcome.name)), ("reason", .string(run.result.reason)),
        ("stopped_by", run.result.stoppedBy.map { .string($0) } ?? .null),
        ("epochs", .int(Int64(run.result.epochs.count))), ("training_rows", .int(Int64(run.trainingRows))),
        ("validation_rows", .int(Int64(run.validationRows))),
      ]
    }
    pairs.append(("metrics", .record(fold.metrics.map { ($0.name, .double($0.value)) })))
    return .record(pairs)
  }
}
