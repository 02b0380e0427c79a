import Trainyard

/// What a person reads when a cross-validation has ended: a table of folds, mean and standard deviation.
struct CrossValidationText {
  private let report: CrossValidationReport

  init(_ report: CrossValidationReport) { self.report = report }

  var text: String {
    let metrics = RunSummaryText.inReadingOrder(report.metrics.map { ($0.name, $0.mean) }).map(\.name)
    let repeats = report.settings.repeats > 1
    var rows = [[repeats ? "repeat/fold" : "fold", "epochs", "ended"] + metrics]
    // A table of a thousand folds is for folds.csv.
    for fold in report.folds.prefix(Self.mostRows) {
      let run = try? fold.result.get()
      let name = repeats ? "\(fold.repetition + 1)/\(fold.fold + 1)" : "\(fold.fold + 1)"
      let values = Dictionary(fold.metrics.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
      rows.append(
        [name, run.map { "\($0.result.epochs.count)" } ?? "0", ended(run)]
          + metrics.map { values[$0].map(ShortNumber.text) ?? "" })
    }
    let summaries = Dictionary(report.metrics.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    rows.append(["mean", "", ""] + metrics.map { summaries[$0].map { ShortNumber.text($0.mean) } ?? "" })
    rows.append(
      ["deviation", "", ""]
        + metrics.map { summaries[$0]?.standardDeviation.map(ShortNumber.text) ?? "" })
    var lines = Self.table(rows)
    if report.folds.count > Self.mostRows {
      lines.insert("… \(report.folds.count - Self.mostRows) more in folds.csv", at: Self.mostRows + 1)
    }
    let done = report.folds.count { !$0.metrics.isEmpty }
    lines.append("")
    lines.append("\(done) of \(report.foldCount) folds, \(ShortNumber.seconds(report.seconds))")
    if let folder = report.folder { lines.append("folder    \(folder)") }
    return "\n" + lines.joined(separator: "\n") + "\n"
  }

  private static let mostRows = 30

  private func ended(_ run: RunReport?) -> String {
    guard let run else { return "failed" }
    return run.result.outcome == .stopped
      ? "by '\(run.result.stoppedBy ?? "?")'" : run.result.outcome.name
  }

  private static func table(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        .joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
