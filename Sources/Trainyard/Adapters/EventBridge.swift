import CTrainyard
import Glibc
import Training

/// The loop's event in the contract's form, filled once for each hook whatever the number of callbacks.
final class EventBridge {
  private let event = UnsafeMutablePointer<ty_event>.allocate(capacity: 1)
  private var serial = -1
  private var notes: CNotes?
  private var text: UnsafeMutablePointer<CChar>?

  init() {
    event.initialize(to: ty_event())
    event.pointee.struct_size = UInt32(MemoryLayout<ty_event>.size)
  }

  deinit {
    event.deallocate()
    free(text)
  }

  /// Valid until the next hook.
  @inline(__always) func pointer(_ frame: EventFrame) -> UnsafePointer<ty_event> {
    if frame.serial != serial { fill(frame) }
    return UnsafePointer(event)
  }

  /// A new run counts its serials from the start.
  func forget() { serial = -1 }

  private func fill(_ frame: EventFrame) {
    serial = frame.serial
    let place = frame.place
    let logs = frame.logs
    event.pointee.hook = UInt32(place.hook.rawValue)
    event.pointee.outcome = UInt32(place.outcome.rawValue)
    event.pointee.metric_count = UInt32(logs.capacity)
    event.pointee.epoch = Int64(place.epoch)
    event.pointee.batch = Int64(place.batch)
    event.pointee.step = Int64(place.step)
    event.pointee.examples = Int64(place.examples)
    event.pointee.values = UnsafePointer(logs.values)
    event.pointee.present = UnsafePointer(logs.present)
    if place.hook.isPerBatch, notes == nil, text == nil { return }
    notes = frame.notes.isEmpty ? nil : CNotes(frame.notes)
    event.pointee.note_count = UInt64(frame.notes.count)
    event.pointee.notes = notes.map { UnsafePointer($0.rows) }
    free(text)
    text = frame.text.map { strdup($0) }
    event.pointee.text = text.map { UnsafePointer($0) }
  }
}

/// The notes of an epoch in the contract's form.
private final class CNotes {
  let rows: UnsafeMutablePointer<UnsafePointer<ty_note>?>
  private let count: Int
  private let storage: UnsafeMutablePointer<ty_note>

  init(_ notes: [Note]) {
    count = notes.count
    rows = .allocate(capacity: notes.count)
    storage = .allocate(capacity: notes.count)
    for (index, note) in notes.enumerated() {
      var row = ty_note()
      row.struct_size = UInt32(MemoryLayout<ty_note>.size)
      row.name = UnsafePointer(strdup(note.name))
      switch note.content {
      case .text(let text): row.text = UnsafePointer(strdup(text))
      case .list(let values):
        let copy = UnsafeMutablePointer<Double>.allocate(capacity: max(1, values.count))
        copy.initialize(from: values, count: values.count)
        row.values = UnsafePointer(copy)
        row.count = UInt32(values.count)
      }
      (storage + index).initialize(to: row)
      rows[index] = UnsafePointer(storage + index)
    }
  }

  deinit {
    for index in 0..<count {
      free(UnsafeMutablePointer(mutating: storage[index].name))
      free(UnsafeMutablePointer(mutating: storage[index].text))
      storage[index].values?.deallocate()
    }
    storage.deallocate()
    rows.deallocate()
  }
}
