import CallbackCore
import PluginKit

/// Ends a run when the loss of a batch jumps, and writes down which batches did it.
final class SpikeDetection: Callback {
  static let about = About(
    id: "spike-detection", version: "0.1.0",
    summary: "Ends a run when the loss of a batch jumps, and writes down which batches did it.")

  enum Trend: String, OptionChoice { case min, max }

  @Option("Which way the loss improves; a step in that direction is no spike.")
  var mode = Trend.min

  @Option(
    "Batches in the running mean that a loss is measured against.", range: "[1, 1000000]", unit: "batches")
  var window = 10

  @Option("Batches of the run that are never spikes.", range: "[0, )", unit: "batches")
  var warmup = 1

  @Option("A loss nearer to the mean than this is no spike.", range: "[0, )")
  var atol: Double? = nil

  @Option("A loss nearer to the mean than this times the mean is no spike.", range: "[0, )")
  var rtol = 2.0

  @Option("Whether a loss that is NaN or infinite is a spike. false: it is passed over.")
  var finiteOnly = true

  enum Action: String, OptionChoice { case fail, stop }

  @Option("fail: the run ends with an error. stop: it closes its epoch and ends properly.")
  var onSpike = Action.fail

  @Option("The file for the batch of the spike and the one before, in the run's folder.")
  var excludeBatchesPath = "skip_batches.json"

  /// What the current run has shown so far. `reset()` starts a fresh one.
  struct Progress: Codable {
    var tracker = SpikeTracker()
    /// The batch before the current one.
    var previous: Batch?
    /// Not yet written, because the call that found them ended in an error.
    var unwritten: [Batch] = []
  }
  var progress = Progress()

  struct Batch: Codable {
    var epoch: Int
    var batch: Int
  }

  private var loss = Metric.none
  private var settings = SpikeTracker.Settings()

  func create(_ host: Host) throws {
    try OutputPath.check("exclude_batches_path", excludeBatchesPath, example: "skip_batches.json")
    try refuseNonFinite(["atol": atol, "rtol": rtol])
    settings.isMinimum = mode == .min
    settings.window = window
    settings.warmup = warmup
    settings.absoluteTolerance = atol
    settings.relativeTolerance = rtol
    settings.finiteOnly = finiteOnly
    loss = host.want("loss")
  }

  func reset() { progress = Progress() }

  func onBatchEnd(_ event: Event) throws {
    guard let value = event.logs[loss] else { return }
    let mean = progress.tracker.mean
    let batch = Batch(epoch: event.epoch, batch: event.batch)
    defer { progress.previous = batch }
    guard progress.tracker.isSpike(value, settings) else { return }
    progress.unwritten = [progress.previous, batch].compactMap { $0 }
    let text =
      "the loss of batch \(event.batch + 1) in epoch \(event.epoch + 1) is \(value.short(6)): "
      + "a spike\(mean.map { " over the mean \($0.short(6))" } ?? "")"
    if onSpike == .fail {
      // What a failed call asks for is dropped, so the file is written in onException.
      throw PluginError(text, help: "look at the batches in \(excludeBatchesPath)")
    }
    write(event)
    event.stop(because: text)
  }

  func onException(_ event: Event) { write(event) }

  private func write(_ event: Event) {
    guard !progress.unwritten.isEmpty, let files = event.files else { return }
    let rows = progress.unwritten.map { #"  {"epoch": \#($0.epoch), "batch": \#($0.batch)}"# }
    files.start(excludeBatchesPath)
    files.append(excludeBatchesPath, "[\n" + rows.joined(separator: ",\n") + "\n]\n")
    progress.unwritten = []
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(SpikeDetection.self, to: args, license: "Apache-2.0")
}
