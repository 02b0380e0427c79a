import PluginKit

/// Publishes what the process that trains uses: processor, memory, threads.
final class ProcessStatsMonitor: Callback {
  static let about = About(
    id: "process-stats-monitor", version: "0.1.0",
    summary: "Publishes processor use, memory and threads of the process at the end of each epoch.")

  /// What this process has seen of the current run. Not saved in checkpoints: a resumed run is another process.
  private struct Seen {
    /// At the beginning of the epoch.
    var processorSeconds: Double?
    var nanoseconds: Int64 = 0
    var hasWarned = false
  }
  private var seen = Seen()

  private var processor = Metric.none
  private var memory = Metric.none
  private var threads = Metric.none

  func create(_ host: Host) throws {
    processor = host.declare("process_cpu_percent")
    memory = host.declare("process_memory_bytes")
    threads = host.declare("process_threads")
  }

  func reset() { seen = Seen() }

  func onEpochBegin(_ event: Event) throws {
    seen.processorSeconds = ProcessStats()?.processorSeconds
    seen.nanoseconds = event.host.clock?.monotonic ?? 0
  }

  func onEpochEnd(_ event: Event) throws {
    guard let stats = ProcessStats() else {
      if !seen.hasWarned {
        event.host.log(.warning, "/proc/self/stat cannot be read, so nothing is published of the process")
      }
      seen.hasWarned = true
      return
    }
    event.publish(memory, Double(stats.residentBytes))
    event.publish(threads, Double(stats.threads))
    let seconds = Double((event.host.clock?.monotonic ?? 0) &- seen.nanoseconds) / 1e9
    if let before = seen.processorSeconds, seconds > 0 {
      event.publish(processor, 100 * (stats.processorSeconds - before) / seconds)
    }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(ProcessStatsMonitor.self, to: args, license: "Apache-2.0")
}
