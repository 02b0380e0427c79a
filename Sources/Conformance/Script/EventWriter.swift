import CTrainyard

/// Writes events in the contract's form into memory that is only the plugin's to see for one call.
struct EventWriter {
  let memory: any EventMemory

  /// - Parameter metrics: `nil` where a metric is not there, by id.
  func event(
    _ moment: Moment, step: Int, examples: Int, outcome: Int32, text: String?, metrics: [Double?],
    notes: [(name: String, text: String?, values: [Double])]
  ) -> UnsafePointer<ty_event> {
    let event = memory.allocate(
      byteCount: MemoryLayout<ty_event>.size, alignment: MemoryLayout<ty_event>.alignment
    ).bindMemory(to: ty_event.self, capacity: 1)
    var new = ty_event()
    new.struct_size = UInt32(MemoryLayout<ty_event>.size)
    new.hook = UInt32(moment.hook.rawValue)
    new.outcome = UInt32(bitPattern: outcome)
    new.metric_count = UInt32(metrics.count)
    new.epoch = Int64(moment.epoch)
    new.batch = Int64(moment.batch)
    new.step = Int64(step)
    new.examples = Int64(examples)
    (new.values, new.present) = values(metrics)
    new.note_count = UInt64(notes.count)
    new.notes = notes.isEmpty ? nil : self.notes(notes)
    new.text = text.map { UnsafePointer(Self.text($0, memory)) }
    event.initialize(to: new)
    return UnsafePointer(event)
  }

  private func values(_ metrics: [Double?]) -> (UnsafePointer<Double>, UnsafePointer<UInt64>) {
    let words = metrics.count / 64 + 1
    let values = memory.allocate(byteCount: metrics.count * 8, alignment: 8)
      .bindMemory(to: Double.self, capacity: max(1, metrics.count))
    let present = memory.allocate(byteCount: words * 8, alignment: 8).bindMemory(
      to: UInt64.self, capacity: words)
    present.initialize(repeating: 0, count: words)
    for (id, value) in metrics.enumerated() {
      // What is not there may be anything: a plugin that looks all the same should be seen to.
      values[id] = value ?? -12345.678
      if value != nil { present[id / 64] |= 1 << UInt64(id % 64) }
    }
    return (UnsafePointer(values), UnsafePointer(present))
  }

  private func notes(
    _ notes: [(name: String, text: String?, values: [Double])]
  ) -> UnsafePointer<UnsafePointer<ty_note>?> {
    let size = MemoryLayout<UnsafePointer<ty_note>?>.stride
    let list = memory.allocate(byteCount: notes.count * size, alignment: 8)
      .bindMemory(to: UnsafePointer<ty_note>?.self, capacity: notes.count)
    for (index, note) in notes.enumerated() {
      let row = memory.allocate(byteCount: MemoryLayout<ty_note>.size, alignment: 8)
        .bindMemory(to: ty_note.self, capacity: 1)
      var new = ty_note()
      new.struct_size = UInt32(MemoryLayout<ty_note>.size)
      new.name = UnsafePointer(Self.text(note.name, memory))
      if let text = note.text {
        new.text = UnsafePointer(Self.text(text, memory))
      } else {
        let values = memory.allocate(byteCount: note.values.count * 8, alignment: 8)
          .bindMemory(to: Double.self, capacity: max(1, note.values.count))
        values.initialize(from: note.values, count: note.values.count)
        new.values = UnsafePointer(values)
        new.count = UInt32(note.values.count)
      }
      row.initialize(to: new)
      list[index] = UnsafePointer(row)
    }
    return UnsafePointer(list)
  }

  /// A NUL-terminated copy.
  static func text(_ text: String, _ memory: any EventMemory) -> UnsafeMutablePointer<CChar> {
    var text = text
    return text.withUTF8 { bytes in
      let copy = memory.allocate(byteCount: bytes.count + 1, alignment: 1)
      if let start = bytes.baseAddress { copy.copyMemory(from: start, byteCount: bytes.count) }
      copy.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
      return copy.bindMemory(to: CChar.self, capacity: bytes.count + 1)
    }
  }
}
