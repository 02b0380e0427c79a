import CTrainyard
import Glibc

/// In the helper: one instance, and the calls that can be made on it.
final class HelperMember: HelperResident {
  let instance: Instance
  let services: HelperServices
  private let line: HelperLine
  private let logs: HelperLogs
  private let layouts = TensorLayouts()
  private var blocks: [UnsafeMutableRawPointer] = []
  // What the instance may read until it is reset for another.
  private var task: HelperTask?
  private let event = UnsafeMutablePointer<ty_event>.allocate(capacity: 1)
  private let batch = UnsafeMutablePointer<ty_batch>.allocate(capacity: 1)
  private let step = UnsafeMutablePointer<ty_step>.allocate(capacity: 1)

  init(
    _ reader: inout WireReader, _ services: HelperServices, _ line: HelperLine, _ logs: HelperLogs,
    _ added: AddedMonitors
  ) throws {
    let (path, id) = (try reader.text(), try reader.text())
    let name = try reader.text()
    let options = try reader.options()
    let owner = try reader.optionalText()
    let library = try PluginLibrary.open(path)
    let found = owner.map { added[$0, name] } ?? library.components.first { $0.id == id }
    guard let component = found, component.id == id else {
      throw WireFault(owner.map { "\($0) has added no '\(name)'" } ?? "the library has no '\(id)' any more")
    }
    services.address = RemoteInstance.address(component.kind, name)
    self.services = services
    self.line = line
    self.logs = logs
    instance =
      switch component.kind {
      case .callback:
        try CallbackInstance(component: component, name: name, options: options, services: services)
      case .model: try ModelInstance(component: component, name: name, options: options, services: services)
      case .monitor:
        try MonitorInstance(component: component, name: name, options: options, services: services)
      case .dataset:
        try DatasetInstance(component: component, name: name, options: options, services: services)
      }
    event.initialize(to: ty_event())
    batch.initialize(to: ty_batch())
    step.initialize(to: ty_step())
  }

  deinit {
    event.deallocate()
    batch.deallocate()
    step.deallocate()
    forget()
  }

  func destroy() { instance.destroy() }

  private func forget() {
    layouts.removeAll()
    for block in blocks { block.deallocate() }
    blocks.removeAll(keepingCapacity: true)
  }

  func perform(_ call: HelperCall, _ reader: inout WireReader, _ result: inout WireWriter) throws {
    forget()
    switch call {
    case .stateSave: return result.put(try instance.saveState())
    case .stateLoad: return try instance.loadState(try reader.state())
    default: break
    }
    switch instance {
    case let callback as CallbackInstance: try perform(call, on: callback, &reader)
    case let monitor as MonitorInstance: try perform(call, on: monitor, &reader)
    case let dataset as DatasetInstance: try perform(call, on: dataset, &reader, &result)
    case let model as ModelInstance: try perform(call, on: model, &reader, &result)
    default: throw WireFault("no instance")
    }
  }

  // MARK: Callbacks

  private func perform(
    _ call: HelperCall, on callback: CallbackInstance, _ reader: inout WireReader
  ) throws {
    switch call {
    case .reset: try callback.reset()
    case .hook: try callback.call(try fillEvent(&reader), UnsafePointer(event))
    default: throw WireFault("a callback has no \(call)")
    }
  }

  private func fillEvent(_ reader: inout WireReader) throws -> Int {
    let head = try reader.take(EventHead.self)
    guard let values = logs.values, logs.count == Int(head.metricCount) else {
      throw WireFault("no memory for events")
    }
    var new = ty_event()
    new.struct_size = UInt32(MemoryLayout<ty_event>.size)
    (new.hook, new.outcome, new.metric_count) = (head.hook, head.outcome, head.metricCount)
    (new.epoch, new.batch, new.step, new.examples) = (head.epoch, head.batch, head.step, head.examples)
    new.values = UnsafePointer(values)
    new.present = logs.present.map { UnsafePointer($0) }
    if head.hasWords { try fillWords(&new, &reader) }
    event.pointee = new
    return Int(head.hook)
  }

  private func fillWords(_ event: inout ty_event, _ reader: inout WireReader) throws {
    if let text = try reader.optionalText() { event.text = kept(text) }
    let notes = try reader.list { reader throws(WireFault) in
      (try reader.text(), try reader.optionalText(), try reader.doubles())
    }
    guard !notes.isEmpty else { return }
    let rows = block(of: UnsafePointer<ty_note>?.self, count: notes.count)
    for (index, note) in notes.enumerated() {
      let row = block(of: ty_note.self, count: 1)
      row.initialize(to: ty_note())
      row.pointee.struct_size = UInt32(MemoryLayout<ty_note>.size)
      row.pointee.name = kept(note.0)
      if let text = note.1 {
        row.pointee.text = kept(text)
      } else {
        let values = block(of: Double.self, count: note.2.count)
        values.initialize(from: note.2, count: note.2.count)
        row.pointee.values = UnsafePointer(values)
        row.pointee.count = UInt32(note.2.count)
      }
      (rows + index).initialize(to: UnsafePointer(row))
    }
    event.note_count = UInt64(notes.count)
    event.notes = UnsafePointer(rows)
  }

  private func kept(_ text: String) -> UnsafePointer<CChar> {
    let copy = copyText(text)
    blocks.append(UnsafeMutableRawPointer(copy))
    return UnsafePointer(copy)
  }

  private func block<T>(of type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
    let block = UnsafeMutablePointer<T>.allocate(capacity: max(1, count))
    blocks.append(UnsafeMutableRawPointer(block))
    return block
  }

  // MARK: Monitors

  private func perform(_ call: HelperCall, on monitor: MonitorInstance, _ reader: inout WireReader) throws {
    switch call {
    case .reset: try monitor.reset()
    case .prepare:
      let new = try HelperTask(&reader)
      try monitor.prepare(UnsafePointer(new.pointer))
      task = new
    case .passBegin: try monitor.passBegin(try reader.take(UInt32.self))
    case .update:
      try fillBatch(&reader)
      let prediction = block(of: ty_tensor.self, count: 1)
      prediction.initialize(to: try tensor(&reader))
      try monitor.update(UnsafePointer(batch), UnsafePointer(prediction))
    case .compute: try monitor.compute()
    default: throw WireFault("a monitor has no \(call)")
    }
  }

  private func fillBatch(_ reader: inout WireReader) throws {
    var new = ty_batch()
    new.struct_size = UInt32(MemoryLayout<ty_batch>.size)
    new.pass = try reader.take(UInt32.self)
    new.rows = try reader.take(Int64.self)
    new.data_id = try reader.take(UInt64.self)
    new.ends_pass = try reader.take(UInt32.self)
    new.features = try tensor(&reader)
    new.target = try tensor(&reader)
    new.weight = try tensor(&reader)
    new.group = try tensor(&reader)
    batch.pointee = new
  }

  private func tensor(_ reader: inout WireReader) throws -> ty_tensor {
    let area = line.area(.input)
    return layouts.tensor(try reader.tensor(in: area?.size ?? 0), base: area?.base)
  }

  // MARK: Datasets

  private func perform(
    _ call: HelperCall, on dataset: DatasetInstance, _ reader: inout WireReader, _ result: inout WireWriter
  ) throws {
    switch call {
    case .reset: try dataset.reset()
    case .rowCount: result.put(Int64(try dataset.rowCount()))
    case .fields: result.put(list: try dataset.fields()) { $0.put($1) }
    case .read:
      let rows = try reader.list(least: 8) { reader throws(WireFault) in try reader.take(Int64.self) }
      let (seed, epoch) = (try reader.take(UInt64.self), try reader.take(Int64.self))
      let area = line.area(.output)
      let places = try reader.list { reader throws(WireFault) in try reader.tensor(in: area?.size ?? 0) }
      let outputs = block(of: UnsafeMutablePointer<ty_tensor>?.self, count: places.count)
      for (index, place) in places.enumerated() {
        guard let place else {
          (outputs + index).initialize(to: nil)
          continue
        }
        let tensor = block(of: ty_tensor.self, count: 1)
        tensor.initialize(to: layouts.tensor(place, base: area?.base))
        (outputs + index).initialize(to: tensor)
      }
      try rows.withUnsafeBufferPointer {
        try dataset.read(
          rows: $0, seed: seed, epoch: Int(epoch),
          into: UnsafeBufferPointer(start: outputs, count: places.count))
      }
    default: throw WireFault("a dataset has no \(call)")
    }
  }

  // MARK: Models

  private func perform(
    _ call: HelperCall, on model: ModelInstance, _ reader: inout WireReader, _ result: inout WireWriter
  ) throws {
    switch call {
    case .modelReset:
      let seed = try reader.take(UInt64.self)
      let new = try HelperTask(&reader)
      try model.reset(seed: seed, task: UnsafePointer(new.pointer))
      task = new
    case .describe:
      let facts = try model.describe()
      result.put(facts.task)
      result.put(facts.flags)
      result.put(facts.prediction.code)
      result.put(facts.prediction.bits)
      result.put(facts.width)
    case .trainStep, .evaluate:
      try fillBatch(&reader)
      if call == .trainStep {
        try model.trainStep(UnsafePointer(batch), step)
      } else {
        try model.evaluate(UnsafePointer(batch), step)
      }
      result.put(step.pointee.optimizer_steps)
      result.put(step.pointee.loss)
      result.put(step.pointee.weight)
      try show(step.pointee.prediction, &result)
    case .weights: try showWeights(of: model, &result)
    case .assign:
      guard let area = line.area(.input) else {
        // Without one weight there is nothing to see.
        guard try reader.weights(in: 0).isEmpty else { throw WireFault("no memory with weights") }
        return try model.assign([])
      }
      let weights = SharedWeights(try reader.weights(in: area.size), in: area)
      try withExtendedLifetime(weights) { try model.assign(weights.pointers) }
    case .parameterName: result.put(try model.parameterName(Int(try reader.take(Int64.self))))
    case .parameterGet:
      let value = try model.parameter(try reader.text())
      result.put(value != nil)
      if let value { result.put(value) }
    case .parameterSet:
      let name = try reader.text()
      try model.setParameter(name, try reader.take(Double.self))
    case .snapshotTake: try model.takeSnapshot(Int(try reader.take(Int64.self)))
    case .snapshotRestore: try model.restoreSnapshot(Int(try reader.take(Int64.self)))
    case .snapshotDrop: try model.dropSnapshot(Int(try reader.take(Int64.self)))
    default: throw WireFault("a model has no \(call)")
    }
  }

  /// A prediction of the size that the host has made room for.
  private func show(_ prediction: ty_tensor, _ result: inout WireWriter) throws {
    let size = try TensorCheck.size(prediction).get()
    guard let area = line.area(.output), size <= area.size else {
      throw WireFault("no memory for predictions")
    }
    if let start = TensorCheck.start(prediction) { area.base.copyMemory(from: start, byteCount: size) }
    result.put(layoutOf: prediction, at: 0)
  }

  /// All weights, each copied once. Where there is no room for them yet, they are asked for again when there is.
  private func showWeights(of model: ModelInstance, _ result: inout WireWriter) throws {
    while true {
      let area = line.area(.weights)
      var (layout, writer) = (AreaLayout(), WireWriter())
      let count = try model.weightCount()
      writer.put(UInt32(count))
      for index in 0..<count {
        var weight = ty_weight()
        try model.weight(index, into: &weight)
        let size = try TensorCheck.size(weight.tensor).get()
        let offset = layout.place(size)
        if let area, layout.size <= area.size, let start = TensorCheck.start(weight.tensor) {
          (area.base + offset).copyMemory(from: start, byteCount: size)
        }
        writer.put(&weight, at: offset)
      }
      if let area, layout.size <= area.size { return result.append(writer.bytes) }
      // Some memory also where there are no weights: their number is looked for in it.
      _ = try line.room(.weights, max(1, layout.size))
    }
  }
}

extension WireReader {
  mutating func doubles() throws(WireFault) -> [Double] {
    try list(least: 8) { reader throws(WireFault) in try reader.take(Double.self) }
  }
}
