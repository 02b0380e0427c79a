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
      entry.append(("logs", .record(event.logs.entries.map { (metrics.names[$0.id], .double($0.value)) })))
    }
    if !event.notes.isEmpty { entry.append(("notes", .record(event.notes.map { ($0.name, json($0.content)) }))) }
    if event.hook == .epochBegin || event.hook == .trainBegin {
      entry.append(("parameters", .record(parameters().map { ($0.0, .double($0.1)) })))
    }
    try write(entry)
  }

  func record(_ effects: [Effect], by callback: String, in hook: Hook) throws {
    let list = effects.compactMap(json)
    guard !list.isEmpty else { return }
    try write([("effects", .array(list)), ("by", .string(callback)), ("hook", .string(hook.name))])
  }

  private func json(_ content: Note.Content) -> JSONValue {
    switch content {
    case .text(let text): .string(text)
    case .list(let values): .array(values.map { .double($0) })
    }
  }

  /// `nil` for what is only a person's to see.
  private func json(_ effect: Effect) -> JSONValue? {
    func object(_ kind: String, _ rest: (String, JSONValue)...) -> JSONValue {
      .record([("effect", .string(kind))] + rest)
    }
    switch effect {
    case .publish(let id, let value):
      return object("publish", ("metric", .string(metrics.names[id])), ("value", .double(value)))
    case .note(let note): return object("note", ("name", .string(note.name)), ("content", json(note.content)))
    case .stop(let reason): return object("stop", ("reason", .string(reason)))
    case .log(_, let text): return object("log", ("text", .string(text)))
    case .status: return nil
    case .assignWeights(let weights):
      return object("assign_weights", ("names", .array(weights.map { .string($0.name) })))
    case .takeSlot(let slot): return object("slot_take", ("slot", .int(Int64(slot))))
    case .restoreSlot(let slot): return object("slot_restore", ("slot", .int(Int64(slot))))
    case .swapSlot(let slot): return object("slot_swap", ("slot", .int(Int64(slot))))
    case .blendSlot(let slot, let a, let b):
      return object(
        "slot_blend", ("slot", .int(Int64(slot))), ("slot_scale", .double(a)), ("weight_scale", .double(b)))
    case .dropSlot(let slot): return object("slot_drop", ("slot", .int(Int64(slot))))
    case .saveWeights(let path): return object("save_weights", ("path", .string(path)))
    case .markCheckpoint: return object("mark_checkpoint")
    case .setParameter(let name, let value):
      return object("set_parameter", ("name", .string(name)), ("value", .double(value)))
    case .startFile(let path): return object("file_start", ("path", .string(path)))
    case .appendFile(let path, let bytes):
      return object("file_append", ("path", .string(path)), ("bytes", .int(Int64(bytes.count))))
    case .removeFile(let path): return object("file_remove", ("path", .string(path)))
    }
  }

  private func write(_ entry: [(String, JSONValue)]) throws {
    try folder.append(name, Array((JSONWriter.compact(.record(entry)) + "\n").utf8))
  }
}
