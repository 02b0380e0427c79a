import ArgumentParser
import Trainyard

/// `trainyard runs export`: the store for programs.
struct RunsExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes runs for programs: CSV, JSON, or a canonical text.",
    discussion: """
      CSV has a row for each fit; with --metrics, for each metric of each epoch. JSON has all. Epochs count from 0 and \
      numbers have all their digits. The canonical text leaves out times, processes and folders: two executions of the \
      same search give the same.
      """)

  enum Format: String, EnumerableFlag { case csv, json, canonical }

  @OptionGroup var flags: StoreFlags
  @Argument(help: "Only these runs or studies.") var names: [String] = []
  @Flag(help: "The format.") var format = Format.csv
  @Flag(help: "CSV: a row for each metric of each epoch.") var metrics = false

  func run() throws {
    let store = try flags.open()
    let finder = RunFinder(store)
    let studies = try names.isEmpty ? store.studies() : names.map { try finder.study($0) }
    switch format {
    case .canonical:
      try StandardOutput.write(try store.canonicalDump(of: names.isEmpty ? nil : studies))
    case .json: try StandardOutput.write(JSONWriter.pretty(.array(try studies.map(RunExport.json))))
    case .csv:
      try StandardOutput.write(metrics ? RunExport.metricsCSV(studies) : RunExport.fitsCSV(studies))
    }
  }
}

/// Studies as JSON and CSV.
enum RunExport {
  static func json(_ study: Study) throws -> JSONValue {
    let record = study.record
    let directions = try study.directions().sorted { $0.key < $1.key }
    return .record([
      ("name", .string(record.name)), ("kind", .string(record.kind.rawValue)),
      ("config_digest", .string(record.configDigest)), ("objective", text(record.objective)),
      ("direction", text(record.direction?.rawValue)), ("created", .int(record.created)),
      ("config", parsed(record.config)),
      ("directions", .record(directions.map { ($0.key, .string($0.value.rawValue)) })),
      ("trials", .array(try study.trials().map { try json($0, of: study) })),
    ])
  }

  private static func json(_ trial: TrialRecord, of study: Study) throws -> JSONValue {
    .record([
      ("number", .int(Int64(trial.number))), ("state", .string(trial.stateText)),
      ("parameters", trial.parameters.map(parsed) ?? .null), ("value", number(trial.value)),
      ("seed", text(trial.seed.map(String.init))), ("error", text(trial.error)),
      ("started", trial.started.map { .int($0) } ?? .null), ("ended", trial.ended.map { .int($0) } ?? .null),
      ("fits", .array(try study.fits(of: trial).map { try json($0, of: study) })),
    ])
  }

  private static func json(_ fit: FitRecord, of study: Study) throws -> JSONValue {
    let epochs = Dictionary(grouping: try study.metrics(of: fit), by: \.epoch).sorted { $0.key < $1.key }
    let metrics = epochs.map { epoch, metrics -> JSONValue in
      let values = metrics.map { ($0.name, JSONValue.double($0.value)) }
      return .record([("epoch", .int(Int64(epoch)))] + values)
    }
    return .record([
      ("rung", .int(Int64(fit.rung))), ("repeat", .int(Int64(fit.repeat))), ("fold", .int(Int64(fit.fold))),
      ("seed", text(fit.seed.map(String.init))), ("folder", text(fit.folder)),
      ("outcome", .string(fit.outcome)), ("reason", .string(fit.reason)), ("stopped_by", text(fit.stoppedBy)),
      ("epochs", .int(Int64(fit.epochs))), ("steps", .int(Int64(fit.steps))),
      ("seconds", .double(fit.seconds)),
      ("value", number(fit.value)), ("error", text(fit.error)),
      ("metrics", .array(metrics)),
    ])
  }

  private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
  private static func number(_ value: Double?) -> JSONValue { value.map { .double($0) } ?? .null }
  private static func parsed(_ text: String) -> JSONValue {
    (try? JSONValue(parsing: text, from: "store")) ?? .string(text)
  }

  // MARK: CSV

  /// A row for each fit; the parameters and the metrics of the last epoch have columns of their own. A trial without a
  /// fit has a row, too.
  static func fitsCSV(_ studies: [Study]) throws -> String {
    struct Line {
      var cells: [String]
      var parameters: [String: String]
      var metrics: [String: Double]
    }
    var lines: [Line] = []
    for study in studies {
      for trial in try study.trials() {
        let parameters = Dictionary(parameters(trial), uniquingKeysWith: { $1 })
        let head = [
          study.name, study.record.kind.rawValue, "\(trial.number)", trial.stateText, value(trial.value),
          trial.seed.map(String.init) ?? "",
        ]
        let fits = try study.fits(of: trial)
        for fit in fits {
          let cells = [
            "\(fit.rung)", "\(fit.repeat)", "\(fit.fold)", fit.outcome, fit.reason, fit.stoppedBy ?? "",
            "\(fit.epochs)", "\(fit.steps)", "\(fit.seconds)", value(fit.value), fit.folder ?? "",
            fit.error ?? "",
          ]
          var last: [String: Double] = [:]
          for metric in try study.metrics(of: fit) { last[metric.name] = metric.value }
          lines.append(Line(cells: head + cells, parameters: parameters, metrics: last))
        }
        if fits.isEmpty {
          let cells = [String](repeating: "", count: 11) + [trial.error ?? ""]
          lines.append(Line(cells: head + cells, parameters: parameters, metrics: [:]))
        }
      }
    }
    let parameters = Set(lines.flatMap(\.parameters.keys)).sorted()
    let metrics = Set(lines.flatMap(\.metrics.keys)).sorted()
    let columns = [
      "study", "kind", "trial", "state", "trial_value", "trial_seed", "rung", "repeat", "fold", "outcome",
      "reason",
      "stopped_by", "epochs", "steps", "seconds", "value", "folder", "error",
    ]
    let rows = lines.map { line in
      line.cells + parameters.map { line.parameters[$0] ?? "" } + metrics.map { value(line.metrics[$0]) }
    }
    return csv([columns + parameters + metrics] + rows)
  }

  static func metricsCSV(_ studies: [Study]) throws -> String {
    var rows = [["study", "trial", "rung", "repeat", "fold", "epoch", "metric", "value"]]
    for study in studies {
      for trial in try study.trials() {
        for fit in try study.fits(of: trial) {
          let head = [study.name, "\(trial.number)", "\(fit.rung)", "\(fit.repeat)", "\(fit.fold)"]
          for metric in try study.metrics(of: fit) {
            rows.append(head + ["\(metric.epoch)", metric.name, value(metric.value)])
          }
        }
      }
    }
    return csv(rows)
  }

  /// With all their digits, as they were given.
  private static func parameters(_ trial: TrialRecord) -> [(String, String)] {
    guard case .object(let members) = trial.parameters.map(parsed) else { return [] }
    return members.map { ($0.name, $0.value.string ?? JSONWriter.compact($0.value)) }
  }

  private static func value(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

  /// RFC 4180, with line feeds alone.
  private static func csv(_ rows: [[String]]) -> String {
    rows.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func quoted(_ cell: String) -> String {
    guard cell.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return cell }
    return "\"" + cell.replacing("\"", with: "\"\"") + "\""
  }
}
