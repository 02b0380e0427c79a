import PluginKit

/// Measures how fast training goes: batches and examples a second, over the last batches and over each epoch.
final class ThroughputMonitor: Callback {
  static let about = About(
    id: "throughput-monitor", version: "0.1.0",
    summary: "Publishes batches and examples a second, of the last batches and of each epoch.")

  @Option(
    "Over how many batches the speed at the end of a batch is taken.", range: "[1, 100000]", unit: "batches")
  var windowSize = 100

  /// When something was, and how much had been done in the epoch by then.
  private struct Mark {
    var nanoseconds: Int64
    var batches = 0
    var examples = 0
  }

  /// What this process has seen of the current epoch. Not saved in checkpoints: a resumed run has a new clock.
  private struct Seen {
    /// The beginning of the epoch, or the first batch after a resumption.
    var first: Mark?
    var last: Mark?
    /// The ends of the last batches, in a ring of `windowSize` places.
    var window: [Mark] = []
  }
  private var seen = Seen()

  private var batchesPerSecond = Metric.none
  private var examplesPerSecond = Metric.none

  func create(_ host: Host) throws {
    batchesPerSecond = host.declare("batches_per_second", .max, in: [.batch, .epoch])
    examplesPerSecond = host.declare("examples_per_second", .max, in: [.batch, .epoch])
  }

  func reset() { seen = Seen() }

  func onEpochBegin(_ event: Event) throws {
    seen.first = try mark(event)
    seen.last = seen.first
    // Its memory stays: each epoch would make it grow anew, in its batches.
    seen.window.removeAll(keepingCapacity: true)
  }

  func onBatchEnd(_ event: Event) throws {
    var mark = try mark(event)
    guard let last = seen.last, let first = seen.first else {
      seen.first = mark
      seen.last = mark
      return
    }
    mark.batches = last.batches + 1
    mark.examples = last.examples + event.examples
    seen.last = mark
    // The place of the batch `windowSize` ago, if there was one, is this batch's.
    let place = (mark.batches - 1) % windowSize
    if place < seen.window.count {
      publish(from: seen.window[place], to: mark, event)
      seen.window[place] = mark
    } else {
      publish(from: first, to: mark, event)
      seen.window.append(mark)
    }
  }

  /// Of the epoch's training: from its beginning to the end of its last batch.
  func onEpochEnd(_ event: Event) throws {
    if let first = seen.first, let last = seen.last { publish(from: first, to: last, event) }
  }

  private func publish(from start: Mark, to end: Mark, _ event: Event) {
    let seconds = Double(end.nanoseconds &- start.nanoseconds) / 1e9
    guard seconds > 0, end.batches > start.batches else { return }
    event.publish(batchesPerSecond, Double(end.batches - start.batches) / seconds)
    event.publish(examplesPerSecond, Double(end.examples - start.examples) / seconds)
  }

  private func mark(_ event: Event) throws -> Mark {
    guard let clock = event.host.clock else {
      throw PluginError("this host has no clock", help: "leave throughput-monitor out")
    }
    return Mark(nanoseconds: clock.monotonic)
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(ThroughputMonitor.self, to: args, license: "Apache-2.0")
}
