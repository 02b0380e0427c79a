import CTrainyard

/// A callback behind the host's `self` pointer. One virtual call reaches the plugin's own hook.
class CallbackBox: Box {
  func trainBegin(_ event: Event) throws {}
  func trainEnd(_ event: Event) throws {}
  func epochBegin(_ event: Event) throws {}
  func epochEnd(_ event: Event) throws {}
  func batchBegin(_ event: Event) throws {}
  func batchEnd(_ event: Event) throws {}
  func optimizerStep(_ event: Event) throws {}
  func validationBegin(_ event: Event) throws {}
  func validationEnd(_ event: Event) throws {}
  func validationBatchBegin(_ event: Event) throws {}
  func validationBatchEnd(_ event: Event) throws {}
  func exception(_ event: Event) throws {}
}

final class TypedCallbackBox<P: Callback>: CallbackBox {
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
  override func trainBegin(_ event: Event) throws { _ = try plugin.onTrainBegin(event) }
  override func trainEnd(_ event: Event) throws { _ = try plugin.onTrainEnd(event) }
  override func epochBegin(_ event: Event) throws { _ = try plugin.onEpochBegin(event) }
  override func epochEnd(_ event: Event) throws { _ = try plugin.onEpochEnd(event) }
  override func batchBegin(_ event: Event) throws { try plugin._callBatchBegin(event) }
  override func batchEnd(_ event: Event) throws { try plugin._callBatchEnd(event) }
  override func optimizerStep(_ event: Event) throws { try plugin._callOptimizerStep(event) }
  override func validationBegin(_ event: Event) throws { _ = try plugin.onValidationBegin(event) }
  override func validationEnd(_ event: Event) throws { _ = try plugin.onValidationEnd(event) }
  override func validationBatchBegin(_ event: Event) throws { try plugin._callValidationBatchBegin(event) }
  override func validationBatchEnd(_ event: Event) throws { try plugin._callValidationBatchEnd(event) }
  override func exception(_ event: Event) throws { _ = try plugin.onException(event) }
}

final class CallbackFactory<P: Callback>: Factory {
  override func make(_ host: Host) throws -> Box {
    TypedCallbackBox(try makeInstance(P.self, host: host), host: host)
  }
}

extension Callback {
  public static func exportTable() -> ExportedTable {
    var table = ty_callback()
    table.struct_size = UInt32(MemoryLayout<ty_callback>.size)
    table.create = createInstance
    table.destroy = destroyInstance
    table.reset = resetInstance
    table.state_save = saveInstance
    table.state_load = loadInstance
    // A hook that the class does not implement stays NULL.
    if TrainBegin.self != NotImplemented.self {
      table.on_train_begin = { call($0, $1) { try $0.trainBegin($1) } }
    }
    if TrainEnd.self != NotImplemented.self { table.on_train_end = { call($0, $1) { try $0.trainEnd($1) } } }
    if EpochBegin.self != NotImplemented.self {
      table.on_epoch_begin = { call($0, $1) { try $0.epochBegin($1) } }
    }
    if EpochEnd.self != NotImplemented.self { table.on_epoch_end = { call($0, $1) { try $0.epochEnd($1) } } }
    if BatchBegin.self != NotImplemented.self {
      table.on_batch_begin = { call($0, $1) { try $0.batchBegin($1) } }
    }
    if BatchEnd.self != NotImplemented.self { table.on_batch_end = { call($0, $1) { try $0.batchEnd($1) } } }
    if OptimizerStep.self != NotImplemented.self {
      table.on_optimizer_step = { call($0, $1) { try $0.optimizerStep($1) } }
    }
    if ValidationBegin.self != NotImplemented.self {
      table.on_validation_begin = { call($0, $1) { try $0.validationBegin($1) } }
    }
    if ValidationEnd.self != NotImplemented.self {
      table.on_validation_end = { call($0, $1) { try $0.validationEnd($1) } }
    }
    if ValidationBatchBegin.self != NotImplemented.self {
      table.on_validation_batch_begin = { call($0, $1) { try $0.validationBatchBegin($1) } }
    }
    if ValidationBatchEnd.self != NotImplemented.self {
      table.on_validation_batch_end = { call($0, $1) { try $0.validationBatchEnd($1) } }
    }
    if Exception.self != NotImplemented.self {
      table.on_exception = { call($0, $1) { try $0.exception($1) } }
    }
    return ExportedTable(
      kind: TY_KIND_CALLBACK, table: UnsafeRawPointer(Immortal.value(table)), factory: CallbackFactory<Self>()
    )
  }
}

@inline(__always) private func call(
  _ pointer: UnsafeMutableRawPointer?, _ event: UnsafePointer<ty_event>?,
  _ hook: (CallbackBox, Event) throws -> Void
) -> ty_status {
  guard let box = Box.from(pointer, as: CallbackBox.self), let event else { return TY_FAILED }
  return box._withUnsafeGuaranteedRef { box in
    box.attempt { try hook(box, Event(host: box.host, pointer: event)) }
  }
}
