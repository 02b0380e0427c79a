import CTrainyard

/// A monitor behind the host's `self` pointer.
class MonitorBox: Box {
  func prepare(_ task: TaskDescription) throws {}
  func passBegin(_ pass: Pass) throws {}
  func update(_ batch: Batch, _ prediction: TensorView) throws {}
  func compute() throws {}
  func merge(_ other: MonitorBox) throws {}
}

final class TypedMonitorBox<P: Monitor>: MonitorBox {
  let plugin: P

  init(_ plugin: P, host: Host) {
    self.plugin = plugin
    super.init(host: host)
  }

  override func reset(seed: UInt64, task: TaskDescription?) throws { try plugin.reset() }
  override func save(to sink: StateSink) throws { try sink.encode(plugin.progress) }
  override func load(from source: StateSource) throws {
    plugin.progress = try source.decode(over: plugin.progress)
  }
  override func prepare(_ task: TaskDescription) throws { try plugin.prepare(task, host) }
  override func passBegin(_ pass: Pass) throws { try plugin.passBegin(pass) }
  override func update(_ batch: Batch, _ prediction: TensorView) throws {
    try plugin.update(batch, prediction: prediction)
  }
  override func compute() throws { try plugin.compute(host) }
  override func merge(_ other: MonitorBox) throws {
    guard let other = other as? TypedMonitorBox<P> else {
      throw PluginError("cannot merge with an instance of another monitor")
    }
    try plugin.merge(other.plugin)
  }
}

final class MonitorFactory<P: Monitor>: Factory {
  override func make(_ host: Host) throws -> Box {
    TypedMonitorBox(try makeInstance(P.self, host: host), host: host)
  }
}

extension Monitor {
  public static func exportTable() -> ExportedTable {
    var table = ty_monitor()
    table.struct_size = UInt32(MemoryLayout<ty_monitor>.size)
    table.flags = isSample ? UInt32(TY_MONITOR_SAMPLE) : 0
    table.create = createInstance
    table.destroy = destroyInstance
    table.reset = resetInstance
    table.state_save = saveInstance
    table.state_load = loadInstance
    table.prepare = { pointer, task in
      guard let task else { return TY_FAILED }
      return call(pointer) { try $0.prepare(TaskDescription(task.pointee)) }
    }
    table.pass_begin = { pointer, pass in call(pointer) { try $0.passBegin(Pass(rawValue: pass) ?? .train) } }
    if !isSample {
      table.update = { pointer, batch, prediction in
        guard let batch, let prediction else { return TY_FAILED }
        return call(pointer) { box in
          guard let view = TensorView(prediction.pointee) else {
            throw PluginError("predictions of a type or layout that this monitor cannot read")
          }
          try box.update(try Batch(batch.pointee), view)
        }
      }
    }
    table.compute = { pointer in call(pointer) { try $0.compute() } }
    table.merge = { pointer, other in
      guard let other = Box.from(other, as: MonitorBox.self) else { return TY_FAILED }
      return call(pointer) { try $0.merge(other.takeUnretainedValue()) }
    }
    return ExportedTable(
      kind: TY_KIND_MONITOR, table: UnsafeRawPointer(Immortal.value(table)), factory: MonitorFactory<Self>())
  }
}

@inline(__always) private func call(
  _ pointer: UnsafeMutableRawPointer?, _ body: (MonitorBox) throws -> Void
) -> ty_status {
  guard let box = Box.from(pointer, as: MonitorBox.self) else { return TY_FAILED }
  return box._withUnsafeGuaranteedRef { box in box.attempt { try body(box) } }
}
