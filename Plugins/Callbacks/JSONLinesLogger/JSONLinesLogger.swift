import CallbackCore
import PluginKit

/// Writes one JSON object for each epoch, and on request for each batch, a line each.
final class JSONLinesLogger: Callback {
  static let about = About(
    id: "json-lines-logger", version: "0.1.0",
    summary: "Writes the metrics of every epoch, and of batches on request, as lines of JSON.")

  @Option("The file, relative to the run's folder.")
  var file = "log.jsonl"

  @Option("Go on with a file that is there. false: start it anew.")
  var append = false

  @Option(
    "Also write every n-th batch, with its own loss. Without it: epochs only.", range: "[1, )",
    unit: "batches")
  var everyNBatches: Int? = nil

  /// Where the current run's file stands. `reset()` starts a fresh one.
  struct Progress: Codable {
    /// Whether this run has opened its file; a resumed run goes on with it.
    var isOpen = false
    /// Training batches of this run, over all its epochs.
    var batches = 0
  }
  var progress = Progress()

  func create(_ host: Host) throws {
    try OutputPath.check("file", file, example: "log.jsonl")
  }

  func reset() { progress = Progress() }

  func onTrainBegin(_ event: Event) throws {
    if progress.isOpen { return }
    let files = try files(of: event)
    if !append { files.start(file) }
    progress.isOpen = true
  }

  func onBatchEnd(_ event: Event) throws {
    progress.batches += 1
    guard let every = everyNBatches, progress.batches % every == 0 else { return }
    let place = [("epoch", event.epoch), ("batch", event.batch), ("step", event.step)]
    try files(of: event).append(file, JSONObject(event, place: place).text + "\n")
  }

  func onEpochEnd(_ event: Event) throws {
    let place = [("epoch", event.epoch), ("step", event.step)]
    try files(of: event).append(file, JSONObject(event, place: place).text + "\n")
  }

  private func files(of event: Event) throws -> Files {
    guard let files = event.files else {
      throw PluginError(
        "this host keeps no files, so '\(file)' cannot be written", help: "leave json-lines-logger out")
    }
    return files
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(JSONLinesLogger.self, to: args, license: "Apache-2.0")
}
