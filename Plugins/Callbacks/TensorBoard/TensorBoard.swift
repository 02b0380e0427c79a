import CallbackCore
import PluginKit

/// Writes event files that TensorBoard shows: metrics of epochs and batches, the learning rate, and how weights are
/// distributed.
final class TensorBoard: Callback {
  static let about = About(
    id: "tensorboard", version: "0.1.0",
    summary: "Writes TensorBoard event files: metrics, learning rate, histograms of weights.")

  @Option("The folder, relative to the run's folder; below it train and validation.")
  var logDir = "logs"

  @Option("epoch: metrics of epochs only; batch: also of every batch; a number n: also of every n-th batch.")
  var updateFreq = "epoch"

  @Option(
    "Write histograms of the weights after every so many epochs. 0: never.", range: "[0, )", unit: "epochs")
  var histogramFreq = 0

  @Option("Also write how many batches a second an epoch trained, with its metrics.")
  var writeStepsPerSecond = false

  /// Where the current run's files stand. `reset()` starts a fresh one.
  struct Progress: Codable {
    /// The folders whose files this run has begun; a resumed run goes on with them.
    var begun: [String] = []
    /// Training batches of this run, over all its epochs: what batches are drawn over.
    var batches = 0
  }
  var progress = Progress()

  /// Not saved: another process has another clock.
  private struct Epoch {
    /// When the epoch began, in nanoseconds.
    var beganAt: Int64?
    var batches = 0
    /// When its last batch ended.
    var batchesEndedAt: Int64 = 0
  }
  private var epoch = Epoch()

  /// Every n-th batch is written; `nil`: none.
  private var batchFrequency: Int?
  private static let rate = "learning_rate"
  private static let file = "events.out.tfevents.trainyard.v2"

  func create(_ host: Host) throws {
    switch updateFreq {
    case "epoch": batchFrequency = nil
    case "batch": batchFrequency = 1
    default:
      guard let every = Int(updateFreq), every >= 1 else {
        throw PluginError(
          "update_freq is '\(updateFreq)', and must be epoch, batch, or a number of batches from 1 on",
          help: "write, for example, update_freq: 100")
      }
      batchFrequency = every
    }
    try OutputPath.check("log_dir", logDir, example: "logs")
  }

  func reset() {
    progress = Progress()
    epoch = Epoch()
  }

  func onTrainBegin(_ event: Event) throws { _ = try begin("train", event) }

  func onEpochBegin(_ event: Event) throws { epoch = Epoch(beganAt: event.host.clock?.monotonic) }

  func onBatchEnd(_ event: Event) throws {
    progress.batches += 1
    epoch.batches += 1
    if writeStepsPerSecond, let now = event.host.clock?.monotonic { epoch.batchesEndedAt = now }
    guard let every = batchFrequency, progress.batches % every == 0 else { return }
    var summary = Summary()
    for (name, value) in metrics(of: event) { summary.add("batch_" + name, scalar: value) }
    addRate(to: &summary, "batch_", event)
    try write(summary, to: "train", step: progress.batches, event)
  }

  func onEpochEnd(_ event: Event) throws {
    var training = Summary()
    var validation = Summary()
    for (name, value) in metrics(of: event) {
      if name.hasPrefix("val_") {
        validation.add("epoch_" + name.dropFirst(4), scalar: value)
      } else {
        training.add("epoch_" + name, scalar: value)
      }
    }
    addRate(to: &training, "epoch_", event)
    if let rate = stepsPerSecond { training.add("epoch_steps_per_second", scalar: rate) }
    if histogramFreq > 0, (event.epoch + 1) % histogramFreq == 0 { addHistograms(to: &training, event) }
    try write(training, to: "train", step: event.epoch, event)
    try write(validation, to: "validation", step: event.epoch, event)
  }

  /// By name: ids go by all that the host has run before.
  private func metrics(of event: Event) -> [(name: String, value: Double)] {
    let metrics = event.logs.ids.compactMap { id -> (name: String, value: Double)? in
      guard let name = event.host.metricName(id), let value = event.logs[id] else { return nil }
      return (name, value)
    }
    return metrics.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Unless another callback has put it into the logs.
  private func addRate(to summary: inout Summary, _ prefix: String, _ event: Event) {
    guard !metrics(of: event).contains(where: { $0.name == Self.rate }),
      let rate = event.optimizer?.value(Self.rate)
    else { return }
    summary.add(prefix + Self.rate, scalar: rate)
  }

  private func addHistograms(to summary: inout Summary, _ event: Event) {
    guard let weights = event.weights else { return }
    for index in 0..<weights.count {
      guard let weight = weights.view(index), let histogram = Histogram(weight.tensor) else { continue }
      summary.add(weight.name + "/histogram", histogram)
    }
  }

  private var stepsPerSecond: Double? {
    guard writeStepsPerSecond, let beganAt = epoch.beganAt, epoch.batchesEndedAt > beganAt else { return nil }
    return Double(epoch.batches) / (Double(epoch.batchesEndedAt - beganAt) / 1e9)
  }

  private func write(_ summary: Summary, to folder: String, step: Int, _ event: Event) throws {
    if summary.isEmpty { return }
    let files = try begin(folder, event)
    files.append(path(folder), bytes: summary.record(step: step, time: time(of: event)))
  }

  /// Makes the folder's file, unless this run has done so.
  private func begin(_ folder: String, _ event: Event) throws -> Files {
    guard let files = event.files else {
      throw PluginError(
        "this host keeps no files, so '\(logDir)' cannot be written", help: "leave tensorboard out")
    }
    if !progress.begun.contains(folder) {
      files.start(path(folder))
      files.append(path(folder), bytes: Summary.header(time: time(of: event)))
      progress.begun.append(folder)
    }
    return files
  }

  private func path(_ folder: String) -> String { "\(logDir)/\(folder)/\(Self.file)" }

  private func time(of event: Event) -> Double { Double(event.host.clock?.wall ?? 0) / 1e9 }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(TensorBoard.self, to: args, license: "Apache-2.0")
}
