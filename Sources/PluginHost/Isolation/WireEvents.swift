import CTrainyard

/// The numbers of an event.
struct EventHead: BitwiseCopyable {
  var hook, outcome, metricCount: UInt32
  var epoch, batch, step, examples: Int64
  var words: UInt8

  /// Whether a text or notes follow.
  var hasWords: Bool { words != 0 }

  init(_ event: ty_event) {
    (hook, outcome, metricCount) = (event.hook, event.outcome, event.metric_count)
    (epoch, batch, step, examples) = (event.epoch, event.batch, event.step, event.examples)
    words = event.text != nil || event.note_count > 0 ? 1 : 0
  }
}

/// How values and bitmap lie in the memory of events: the values first.
enum EventPage {
  static func presentOffset(of count: Int) -> Int { count * MemoryLayout<Double>.size }

  static func size(of count: Int) -> Int {
    presentOffset(of: count) + (count + 63) / 64 * MemoryLayout<UInt64>.size
  }
}

extension WireWriter {
  mutating func put(_ event: UnsafePointer<ty_event>) {
    let head = EventHead(event.pointee)
    put(head)
    guard head.hasWords else { return }
    put(event.pointee.text.map { Foreign.words($0) ?? "" })
    put(UInt32(event.pointee.note_count))
    for index in 0..<Int(event.pointee.note_count) {
      let note = event.pointee.notes[index]?.pointee ?? ty_note()
      put(Foreign.words(note.name) ?? "")
      // An empty text is a text.
      put(note.text.map { Foreign.words($0) ?? "" })
      put(
        list: Array(UnsafeBufferPointer(start: note.values, count: note.values == nil ? 0 : Int(note.count)))
      ) {
        $0.put($1)
      }
    }
  }

  mutating func put(_ task: UnsafePointer<ty_task>) {
    let task = task.pointee
    put(task.task)
    put(task.threads)
    put(list: (0..<Int(max(0, task.feature_ndim))).map { task.feature_shape[$0] }) { $0.put($1) }
    put(task.output_width)
    let count = task.class_names == nil ? 0 : task.task == UInt32(TY_TASK_BINARY) ? 2 : Int(task.output_width)
    put(list: (0..<count).map { Foreign.words(task.class_names[$0]) ?? "" }) { $0.put($1) }
    put(task.training_rows)
    put(task.batch_size)
    put(task.epochs)
  }
}

/// In the helper: a task, with memory of its own.
package final class HelperTask {
  package let pointer = UnsafeMutablePointer<ty_task>.allocate(capacity: 1)
  private var blocks: [UnsafeMutableRawPointer] = []

  package init(_ reader: inout WireReader) throws(WireFault) {
    var task = ty_task()
    task.struct_size = UInt32(MemoryLayout<ty_task>.size)
    task.task = try reader.take(UInt32.self)
    task.threads = try reader.take(Int32.self)
    let shape = try reader.list(least: 8) { reader throws(WireFault) in try reader.take(Int64.self) }
    task.output_width = try reader.take(Int64.self)
    let names = try reader.list { reader throws(WireFault) in try reader.text() }
    task.training_rows = try reader.take(Int64.self)
    task.batch_size = try reader.take(Int64.self)
    task.epochs = try reader.take(Int64.self)
    let sizes = UnsafeMutablePointer<Int64>.allocate(capacity: max(1, shape.count))
    sizes.initialize(from: shape, count: shape.count)
    blocks.append(UnsafeMutableRawPointer(sizes))
    task.feature_ndim = Int32(shape.count)
    task.feature_shape = UnsafePointer(sizes)
    if !names.isEmpty {
      let rows = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: names.count)
      blocks.append(UnsafeMutableRawPointer(rows))
      for (index, name) in names.enumerated() {
        let copy = copyText(name)
        blocks.append(UnsafeMutableRawPointer(copy))
        (rows + index).initialize(to: UnsafePointer(copy))
      }
      task.class_names = UnsafePointer(rows)
    }
    pointer.initialize(to: task)
  }

  deinit {
    pointer.deallocate()
    for block in blocks { block.deallocate() }
  }
}
