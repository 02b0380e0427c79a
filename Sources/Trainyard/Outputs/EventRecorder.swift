import Training

/// `events.jsonl`: what callbacks were told and what each asked for, a JSON object in each line, the schema's version
/// first. The host's logs are those from before the callbacks, and effects stand apart, so that a replay does not
/// feed a callback its own words.
final class EventRecorder {
  static let schema = 1
  private let name = "events.jsonl"
  private let folder: RunFolder
  private let metrics: MetricTable
  private let recordsBatches: Bool
  private var start = RunClock.system.monotonic()
  /// Asked at each recorded event: what a replay must know of the model.
  var parameters: () -> [(String, Double)] = { [] }

  init(folder: RunFolder, metrics: MetricTable, recordsBatches: Bool) {
    self.folder = folder
    self.metrics = metrics
    self.recordsBatches = recordsBatches
  }

  func begin(_ facts: [(String, JSONValue)]) throws {
    try write([("schema", .int(Int64(Self.schema)))] + facts)
  }

  func records(_ hook: Hook) -> Bool { recordsBatches || !hook.isPerBatch }

  func record(_ event: EventFrame) throws {
    var entry: [(String, JSONValue)] = [("event", .string(event.hook.name))]
    if event.epoch >= 0 { entry.append(("epoch", .int(Int64(event.epoch)))) }
    if event.batch >= 0 { entry.append(("batch", .int(Int64(event.batch)))) }
    entry.append(("step", .int(Int64(event.step))))
    if event.examples > 0 { entry.append(("examples", .int(Int64(event.examples)))) }
    if event.outcome != .running { entry.append(("outcome", .string(event.outcome.name))) }
    if let text = event.text { entry.append(("text", .string(text))) }
    if event.hook == .epochEnd || event.hook.isPerBatch || event.hook == .validationEnd {
      entry.append(("logs", .record(metrics.named(event.logs).map { ($0.name, .double($0.value)) })))
    }
    if !event.notes.isEmpty {
      entry.append(("notes", .record(event.notes.map { ($0.name, JSONValue($0.content)) })))
    }
    if event.hook == .trainBegin { entry.append(("metrics", .array(hostMetrics))) }
    if !event.hook.isPerBatch { entry.append(("seconds", .double(seconds))) }
    if event.hook == .epochBegin || event.hook == .trainBegin {
      entry.append(("parameters", .record(parameters().map { ($0.0, .double($0.1)) })))
    }
    try write(entry)
  }

  /// What the run produces without its callbacks, and which way each is better.
  private var hostMetrics: [JSONValue] {
    metrics.declared.filter { !$0.declaration.source.hasPrefix("callback ") }.map { _, name, declaration in
      var phases: [JSONValue] = []
      if declaration.phase.contains(.batch) { phases.append("batch") }
      if declaration.phase.contains(.epoch) { phases.append("epoch") }
      return .record([
        ("name", .string(name)), ("direction", .string(declaration.direction.name)),
        ("phases", .array(phases)),
        ("source", .string(declaration.source)),
      ])
    }
  }

  /// Since the recording began, in microseconds' steps.
  var seconds: Double {
    get { (Double(RunClock.system.monotonic() - start) / 1e3).rounded() / 1e6 }
    // A run that is taken up goes on where its time stood.
    set { start = RunClock.system.monotonic() - Int64(min(max(0, newValue), 1e9) * 1e9) }
  }

  func record(_ effects: [Effect], by callback: String, in hook: Hook) throws {
    let list = effects.compactMap { JSONValue(recording: $0, metrics) }
    guard !list.isEmpty else { return }
    try write([("effects", .array(list)), ("by", .string(callback)), ("hook", .string(hook.name))])
  }

  private func write(_ entry: [(String, JSONValue)]) throws {
    try folder.append(name, Array((JSONWriter.compact(.record(entry)) + "\n").utf8))
  }
}
