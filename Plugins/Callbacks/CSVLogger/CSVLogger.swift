import CallbackCore
import PluginKit

/// Writes the metrics of every epoch to a CSV file in the run's folder, byte for byte as Keras does.
final class CSVLogger: Callback {
  static let about = About(
    id: "csv-logger", version: "0.1.0", summary: "Writes the metrics of every epoch to a CSV file.")

  @Option("The file, relative to the run's folder.")
  var filename = "log.csv"

  @Option("The character between fields.")
  var separator = ","

  @Option("Go on with a file that is there. false: start it anew. A header is written only to an empty file.")
  var append = false

  /// Where the current run's file stands. `reset()` starts a fresh one.
  struct Progress: Codable {
    /// Whether this run has opened its file; a resumed run goes on with it.
    var isOpen = false
    var needsHeader = true
    /// Behind `epoch`; fixed by the first epoch of the run.
    var columns: [String]?
  }
  var progress = Progress()

  private var rows = CSVRow(separator: ",")

  func create(_ host: Host) throws {
    let scalars = separator.unicodeScalars
    guard let scalar = scalars.first, scalars.count == 1, !"\"\r\n".unicodeScalars.contains(scalar) else {
      throw PluginError(
        "separator is '\(separator)', and must be one character other than a quote or a line end",
        help: "usual ones are ',', ';' and \"\\t\"")
    }
    try OutputPath.check("filename", filename, example: "log.csv")
    rows = CSVRow(separator: scalar)
  }

  func reset() { progress = Progress() }

  func onTrainBegin(_ event: Event) throws {
    if progress.isOpen { return }
    let files = try files(of: event)
    progress.isOpen = true
    progress.needsHeader = !append || (files.size(filename) ?? 0) == 0
    if !append { files.start(filename) }
  }

  func onEpochEnd(_ event: Event) throws {
    let fields = fields(of: event)
    let columns = progress.columns ?? CSVRow.columns(for: Array(fields.keys))
    var text = progress.needsHeader ? rows.line(["epoch"] + columns) : ""
    text += rows.line(["\(event.epoch)"] + columns.map { fields[$0] ?? "NA" })
    try files(of: event).append(filename, text)
    progress.columns = columns
    progress.needsHeader = false
  }

  /// The epoch's metrics, texts and lists as they stand in the file.
  private func fields(of event: Event) -> [String: String] {
    var fields: [String: String] = [:]
    for id in event.logs.ids {
      if let name = event.host.metricName(id), let value = event.logs[id] { fields[name] = value.pythonRepr }
    }
    for note in event.notes {
      switch note.content {
      case .text(let text): fields[note.name] = text
      case .list(let values): fields[note.name] = CSVRow.list(values)
      }
    }
    return fields
  }

  private func files(of event: Event) throws -> Files {
    guard let files = event.files else {
      throw PluginError(
        "this host keeps no files, so '\(filename)' cannot be written", help: "leave csv-logger out")
    }
    return files
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(CSVLogger.self, to: args, license: "Apache-2.0")
}
