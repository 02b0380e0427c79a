import RunStore
import Training

/// The folder of a search.
///
///     runs/<name>/
///       trial-000/…   each trial as a run, with fold-1/ … under it in a cross-validation
///       trials.csv    a row for each trial
///       summary.json  how the search ended, and its best trial
///       best.yaml     the config of the best trial
struct SearchFolder {
  let path: String

  /// `trial-003`.
  static func trial(_ number: Int) -> String {
    let digits = String(number)
    return "trial-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  /// - Parameter best: The resolved config of the best trial.
  func write(_ report: inout SearchReport, _ search: SearchPlan, best: JSONValue?) throws {
    try PathName.makeFolders(path)
    let files = FileGroup()
    try files.add(Self.table(report, search.space), as: PathName.join(path, "trials.csv"))
    let bestFile = PathName.join(path, "best.yaml")
    if let best { try files.add(YAMLWriter.text(best.node), as: bestFile) }
    try files.add(JSONWriter.pretty(Self.summary(report, search)), as: PathName.join(path, "summary.json"))
    try files.commit()
    if best != nil { report.bestConfig = bestFile }
  }

  // MARK: trials.csv

  private static func table(_ report: SearchReport, _ space: SearchSpace) -> String {
    let paths = space.parameters.map(\.path)
    let folds = report.trials.map(\.fits.count).max() ?? 0
    let columns = folds > 1 ? (0..<folds).map { "fold_\($0 + 1)" } : []
    let head =
      ["trial", "state", report.objective.metric] + columns + paths + ["epochs", "seconds", "error"]
    let rows = report.trials.map { trial in
      let values = columns.indices.map { index in
        trial.fits.indices.contains(index) ? text(trial.fits[index].value) : ""
      }
      let parameters = paths.map { path in
        trial.parameters.first { $0.path == path }.map { $0.value.string ?? $0.value.description } ?? ""
      }
      return ["\(trial.number)", trial.state.rawValue, text(trial.value)] + values + parameters
        + ["\(trial.epochs)", "\((trial.seconds * 1e6).rounded() / 1e6)", trial.error ?? ""]
    }
    return ([head] + rows).map { CSVLine.text($0) }.joined()
  }

  private static func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

  // MARK: summary.json

  private static func summary(_ report: SearchReport, _ search: SearchPlan) -> JSONValue {
    let best = report.best.map { trial in
      JSONValue.record([
        ("trial", .int(Int64(trial.number))), ("value", trial.value.map { .double($0) } ?? .null),
        (
          "parameters",
          .object(trial.parameters.map { JSONValue.Member($0.path, JSONValue($0.value)) })
        ),
        ("folder", trial.fits.first?.folder.map { .string($0) } ?? .null),
      ])
    }
    let counts = [TrialState.finished, .pruned, .failed, .interrupted].map {
      ($0.rawValue, JSONValue.int(Int64(report.count($0))))
    }
    return .record([
      ("schema", 1), ("kind", "search"), ("name", .string(report.name)),
      ("outcome", .string(report.ending.rawValue)), ("strategy", .string(search.config.strategy.name)),
      ("metric", .string(report.objective.metric)),
      ("direction", .string(report.objective.direction.name)), ("trials", .record(counts)),
      ("best", best ?? .null),
    ])
  }
}
