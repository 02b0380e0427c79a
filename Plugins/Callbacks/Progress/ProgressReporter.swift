import CallbackCore
import PluginKit

/// Tells people how far a run is: a line for every epoch, and, on a terminal, one that moves within it.
final class ProgressReporter: Callback {
  static let about = About(
    id: "progress", version: "0.1.0",
    summary: "Shows how far a run is: a progress line on a terminal, a plain line for every epoch.")

  @Option("Time between two updates of the progress line at least.", range: "[0.01, )")
  var interval: Seconds = 0.1

  /// What this process has seen of the current run. Not saved in checkpoints: a resumed run has a new clock.
  private struct Seen {
    // Fixed for the run.
    var columns = 0
    var epochs = 0
    var batches = 0
    /// When training began, and the epochs that were done by then.
    var beganAt: Int64 = 0
    var epochsBefore = 0
    // Of the current epoch.
    var epochBeganAt: Int64 = 0
    var firstBatch: Int?
    var batchesDone = 0
    var examples = 0
    /// Σ examples · loss.
    var lossSum = 0.0
    var nextUpdate = Int64.min
  }
  private var seen = Seen()

  // The host's for as long as the instance lives.
  private var loss = Metric.none
  private var clock: Clock?
  private var intervalInNanoseconds: Int64 = 0

  func create(_ host: Host) throws {
    loss = host.want("loss", optional: true)
    clock = host.clock
    intervalInNanoseconds = Int64(min(max(interval.seconds, 0), 1e6) * 1e9)
  }

  func reset() { seen = Seen() }

  func onTrainBegin(_ event: Event) throws {
    guard let run = event.host.run else { return }
    seen.columns = run.terminalWidth
    seen.epochs = run.epochs
    seen.batches = run.batchesPerEpoch
    seen.epochsBefore = run.initialEpoch
    seen.beganAt = now
  }

  func onEpochBegin(_ event: Event) throws {
    seen.epochBeganAt = now
    seen.firstBatch = nil
    seen.batchesDone = 0
    seen.examples = 0
    seen.lossSum = 0
  }

  // Every batch passes here: nothing is allocated unless the line is due.
  func onBatchEnd(_ event: Event) throws {
    guard seen.columns > 0 else { return }
    if seen.firstBatch == nil { seen.firstBatch = event.batch }
    seen.batchesDone = event.batch + 1
    seen.examples += event.examples
    if let value = event.logs[loss] { seen.lossSum += value * Double(event.examples) }
    let time = now
    guard time >= seen.nextUpdate else { return }
    seen.nextUpdate = time &+ intervalInNanoseconds
    event.host.status(line(event.epoch, at: time).text(columns: seen.columns))
  }

  func onValidationBegin(_ event: Event) throws {
    guard seen.columns > 0 else { return }
    var line = line(event.epoch, at: now)
    line.activity = "validating"
    line.examplesPerSecond = nil
    line.secondsLeft = nil
    event.host.status(line.text(columns: seen.columns))
  }

  func onEpochEnd(_ event: Event) throws {
    if seen.columns > 0 { event.host.status("") }
    let metrics = event.logs.ids.compactMap { id in
      event.host.metricName(id).flatMap { name in event.logs[id].map { (name, $0) } }
    }
    let seconds = clock.map { Self.seconds($0.monotonic &- seen.epochBeganAt) }
    event.host.log(
      .info,
      ProgressLine.epoch(
        event.epoch + 1, of: seen.epochs, metrics: metrics, seconds: seconds, columns: seen.columns))
  }

  func onTrainEnd(_ event: Event) throws {
    if seen.columns > 0 { event.host.status("") }
  }

  private var now: Int64 { clock?.monotonic ?? 0 }

  /// How the epoch stands after its last batch.
  private func line(_ epoch: Int, at time: Int64) -> ProgressLine {
    var line = ProgressLine(
      epoch: epoch + 1, epochs: seen.epochs, batch: seen.batchesDone, batches: seen.batches)
    if seen.examples > 0 { line.loss = seen.lossSum / Double(seen.examples) }
    let inEpoch = Self.seconds(time &- seen.epochBeganAt)
    if inEpoch > 0 { line.examplesPerSecond = Double(seen.examples) / inEpoch }
    line.secondsLeft = secondsLeft(epoch, at: time)
    return line
  }

  /// For the whole run, as if every epoch took as long as those so far; validation is in that.
  private func secondsLeft(_ epoch: Int, at time: Int64) -> Double? {
    guard seen.batches > 0, seen.batchesDone > 0 else { return nil }
    let share = Double(seen.batchesDone) / Double(seen.batches)
    // A run that was resumed within an epoch did not do the batches before.
    let skipped = epoch == seen.epochsBefore ? Double(seen.firstBatch ?? 0) / Double(seen.batches) : 0
    let done = Double(epoch - seen.epochsBefore) + share - skipped
    let left = Double(seen.epochs - epoch) - share
    return done > 0 ? max(0, left) * Self.seconds(time &- seen.beganAt) / done : nil
  }

  private static func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e9 }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(ProgressReporter.self, to: args, license: "Apache-2.0")
}
