import CTrainyard
import PluginHost
import Support
import Testing

/// Callbacks that measure: throughput, and the process.
@Suite struct MeasuringTests {
  static let second: Int64 = 1_000_000_000

  private func batch(_ probe: CallbackProbe, examples: Int64) throws -> [String] {
    var event = TestEvent()
    event.examples = examples
    return try probe.call(TY_HOOK_BATCH_END, event)
  }

  private func speed(_ batches: Double, _ examples: Double) -> [String] {
    ["publish batches_per_second \(batches)", "publish examples_per_second \(examples)"]
  }

  @Test func `speed of a batch is that of the window, and of an epoch that of its batches`() throws {
    let probe = try CallbackProbe("throughput-monitor", ["window_size": .int(2)])
    #expect(probe.services.declared == ["batches_per_second", "examples_per_second"])
    try probe.begin()
    try probe.beginEpoch(0)
    probe.services.monotonic = 1 * Self.second
    #expect(try batch(probe, examples: 10) == speed(1, 10))
    probe.services.monotonic = 4 * Self.second
    #expect(try batch(probe, examples: 10) == speed(0.5, 5))
    probe.services.monotonic = 5 * Self.second
    #expect(try batch(probe, examples: 30) == speed(0.5, 10), "the first batch is out of the window")
    probe.services.monotonic = 6 * Self.second
    #expect(try batch(probe, examples: 10) == speed(1, 20))
    probe.services.monotonic = 9 * Self.second
    #expect(try batch(probe, examples: 20) == speed(0.5, 7.5))
    probe.services.monotonic = 100 * Self.second
    #expect(try probe.endEpoch(0) == speed(5.0 / 9, 80.0 / 9), "validation does not count")
  }

  @Test func `each epoch is measured by itself`() throws {
    let probe = try CallbackProbe("throughput-monitor")
    try probe.begin()
    try probe.beginEpoch(0)
    probe.services.monotonic = 10 * Self.second
    _ = try batch(probe, examples: 1)
    try probe.beginEpoch(1)
    probe.services.monotonic = 11 * Self.second
    #expect(try batch(probe, examples: 8) == speed(1, 8))
    #expect(try probe.endEpoch(1) == speed(1, 8))
  }

  @Test func `no time, no speed`() throws {
    let probe = try CallbackProbe("throughput-monitor")
    try probe.begin()
    try probe.beginEpoch(0)
    #expect(try batch(probe, examples: 8) == [])
    #expect(try probe.endEpoch(0) == [])
  }

  @Test func `an epoch resumed in its middle is measured from its first batch end on`() throws {
    let probe = try CallbackProbe("throughput-monitor")
    try probe.begin()
    try probe.beginEpoch(0)
    try probe.begin()
    probe.services.monotonic = 50 * Self.second
    #expect(try batch(probe, examples: 8) == [])
    probe.services.monotonic = 52 * Self.second
    #expect(try batch(probe, examples: 8) == speed(0.5, 4))
    #expect(try probe.endEpoch(0) == speed(0.5, 4))
  }

  @Test func `a window out of range is refused`() {
    #expect(refusal(of: "throughput-monitor", options: ["window_size": .int(0)]).contains("window_size"))
  }

  @Test func `the process has memory, threads and a share of the processor`() throws {
    let probe = try CallbackProbe("process-stats-monitor")
    probe.services.clockStep = Self.second
    try probe.begin()
    try probe.beginEpoch(0)
    let effects = try probe.endEpoch(0).map { $0.split(separator: " ") }
    #expect(effects.map { $0[1] } == ["process_memory_bytes", "process_threads", "process_cpu_percent"])
    let values = effects.compactMap { Double($0[2]) }
    #expect(values.count == 3)
    #expect(values[0] > 1_048_576, "a test runner needs more than a mebibyte")
    #expect(values[1] >= 1 && values[1] < 10_000)
    #expect(values[2] >= 0)
  }

  @Test func `without a beginning or time there is no share of the processor`() throws {
    let probe = try CallbackProbe("process-stats-monitor")
    try probe.begin()
    try probe.beginEpoch(0)
    #expect(try probe.endEpoch(0).count == 2)
    try probe.begin()
    probe.services.monotonic = 5 * Self.second
    #expect(try probe.endEpoch(0).count == 2, "reset forgets the epoch that was measured")
  }
}
