import Training

extension JSONValue {
  /// An effect as recordings have it; `nil` for what is only a person's to see.
  init?(recording effect: Effect, _ metrics: MetricTable) {
    func object(_ kind: String, _ rest: (String, JSONValue)...) -> JSONValue {
      .record([("effect", .string(kind))] + rest)
    }
    switch effect {
    case .publish(let id, let value):
      let name = metrics.names.indices.contains(id) ? metrics.names[id] : "#\(id)"
      self = object("publish", ("metric", .string(name)), ("value", .double(value)))
    case .note(let note):
      self = object("note", ("name", .string(note.name)), ("content", JSONValue(note.content)))
    case .stop(let reason): self = object("stop", ("reason", .string(reason)))
    case .log(let level, let text):
      self = object("log", ("level", .string("\(level)")), ("text", .string(text)))
    case .status: return nil
    case .assignWeights(let weights):
      self = object("assign_weights", ("names", .array(weights.map { .string($0.name) })))
    case .takeSlot(let slot): self = object("slot_take", ("slot", .int(Int64(slot))))
    case .restoreSlot(let slot): self = object("slot_restore", ("slot", .int(Int64(slot))))
    case .swapSlot(let slot): self = object("slot_swap", ("slot", .int(Int64(slot))))
    case .blendSlot(let slot, let a, let b):
      self = object(
        "slot_blend", ("slot", .int(Int64(slot))), ("slot_scale", .double(a)), ("weight_scale", .double(b)))
    case .dropSlot(let slot): self = object("slot_drop", ("slot", .int(Int64(slot))))
    case .saveWeights(let path): self = object("save_weights", ("path", .string(path)))
    case .markCheckpoint: self = object("mark_checkpoint")
    case .setParameter(let name, let value):
      self = object("set_parameter", ("name", .string(name)), ("value", .double(value)))
    case .startFile(let path): self = object("file_start", ("path", .string(path)))
    case .appendFile(let path, let bytes):
      self = object("file_append", ("path", .string(path)), ("bytes", .int(Int64(bytes.count))))
    case .removeFile(let path): self = object("file_remove", ("path", .string(path)))
    }
  }

  init(_ content: Note.Content) {
    switch content {
    case .text(let text): self = .string(text)
    case .list(let values): self = .array(values.map { .double($0) })
    }
  }
}
