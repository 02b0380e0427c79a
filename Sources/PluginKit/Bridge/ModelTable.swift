import CTrainyard

/// A model behind the host's `self` pointer. Layouts are its own memory for what it hands out.
class ModelBox: Box {
  var facts: ModelFacts { get throws { throw PluginError("not a model") } }
  func trainStep(_ batch: Batch) throws -> StepResult { throw PluginError("not a model") }
  func evaluate(_ batch: Batch) throws -> StepResult { throw PluginError("not a model") }
  var weightCount: Int { 0 }
  func weight(at index: Int) throws -> Weight? { nil }
  func assign(_ weight: Weight) throws {}
  var parameterNames: [String] { [] }
  func parameter(_ name: String) -> Double? { nil }
  func setParameter(_ name: String, to value: Double) throws {}
  var snapshots: (any SnapshottingModel)? { nil }

  fileprivate let prediction = TensorLayout()
  fileprivate var weightLayouts: [TensorLayout] = []
  fileprivate var texts: [String: UnsafePointer<CChar>] = [:]

  /// The name as C text, kept as long as the instance.
  fileprivate func text(_ name: String) -> UnsafePointer<CChar>? {
    if let text = texts[name] { return text }
    let text = Immortal.string(name)
    texts[name] = text
    return text
  }

  deinit { for text in texts.values { Immortal.free(text) } }
}

final class TypedModelBox<P: Model>: ModelBox {
  let plugin: P

  init(_ plugin: P, host: Host) {
    self.plugin = plugin
    super.init(host: host)
  }

  override func reset(seed: UInt64, task: TaskDescription?) throws {
    guard let task else { throw PluginError("a model is reset for a task") }
    try plugin.reset(seed: seed, task: task)
  }
  override func save(to sink: StateSink) throws {
    try sink.encode(plugin.progress)
    try plugin.saveState(to: sink)
  }
  override func load(from source: StateSource) throws {
    plugin.progress = try source.decode(over: plugin.progress)
    try plugin.loadState(from: source)
  }
  override var facts: ModelFacts { get throws { try plugin.facts } }
  override func trainStep(_ batch: Batch) throws -> StepResult { try plugin.trainStep(batch) }
  override func evaluate(_ batch: Batch) throws -> StepResult { try plugin.evaluate(batch) }
  override var weightCount: Int { plugin.weightCount }
  override func weight(at index: Int) throws -> Weight? {
    index >= 0 && index < plugin.weightCount ? try plugin.weight(at: index) : nil
  }
  override func assign(_ weight: Weight) throws {
    for index in 0..<plugin.weightCount {
      let own = try plugin.weight(at: index)
      guard own.name == weight.name else { continue }
      // A serialised form is as long as it has to be.
      let isBytes = own.tensor.type == .uint8 && own.tensor.shape.rank == 1 && weight.tensor.shape.rank == 1
      guard own.tensor.shape == weight.tensor.shape || isBytes, own.tensor.type == weight.tensor.type else {
        throw PluginError(
          "weight '\(own.name)' has shape \(own.tensor.shape.array) of \(own.tensor.type), and what is "
            + "assigned has \(weight.tensor.shape.array) of \(weight.tensor.type)")
      }
      return try plugin.assign(weight, at: index)
    }
    throw PluginError("the model has no weight '\(weight.name)'")
  }
  override var parameterNames: [String] { plugin.parameterNames }
  override func parameter(_ name: String) -> Double? { plugin.parameter(name) }
  override func setParameter(_ name: String, to value: Double) throws {
    try plugin.setParameter(name, to: value)
  }
  override var snapshots: (any SnapshottingModel)? { plugin as? any SnapshottingModel }
}

final class ModelFactory<P: Model>: Factory {
  override func make(_ host: Host) throws -> Box {
    TypedModelBox(try makeInstance(P.self, host: host), host: host)
  }
}

extension Model {
  public static func exportTable() -> ExportedTable { exportedTable(modelTable()) }

  fileprivate static func exportedTable(_ table: ty_model) -> ExportedTable {
    ExportedTable(
      kind: TY_KIND_MODEL, table: UnsafeRawPointer(Immortal.value(table)), factory: ModelFactory<Self>())
  }

  fileprivate static func modelTable() -> ty_model {
    var table = ty_model()
    table.struct_size = UInt32(MemoryLayout<ty_model>.size)
    table.create = createInstance
    table.destroy = destroyInstance
    table.state_save = saveInstance
    table.state_load = loadInstance
    table.reset = { pointer, seed, task in
      guard let task else { return TY_FAILED }
      return call(pointer) { try $0.reset(seed: seed, task: TaskDescription(task.pointee)) }
    }
    table.describe = { pointer, result in
      guard let result else { return TY_FAILED }
      return call(pointer) { box in
        let facts = try box.facts
        result.pointee.task = facts.task.rawValue
        result.pointee.flags =
          UInt32(facts.needsFullBatch ? TY_MODEL_FULL_BATCH : 0)
          | UInt32(facts.resumesExactly ? TY_MODEL_RESUME_EXACT : 0)
        result.pointee.prediction = (facts.predictsDoubles ? ElementType.float64 : .float32).cType
        result.pointee.width = Int64(facts.width)
      }
    }
    table.train_step = { pointer, batch, step in
      run(pointer, batch, step) { box, batch in try box.trainStep(batch) }
    }
    table.evaluate = { pointer, batch, step in
      run(pointer, batch, step) { box, batch in try box.evaluate(batch) }
    }
    table.weight_count = { pointer in
      guard let box = Box.from(pointer, as: ModelBox.self) else { return 0 }
      return box._withUnsafeGuaranteedRef { UInt64($0.weightCount) }
    }
    table.weight = { pointer, index, result in
      guard let result else { return TY_FAILED }
      return call(pointer) { box in
        guard let index = Int(exactly: index), let weight = try box.weight(at: index) else {
          throw PluginError("the model has no weight number \(index)")
        }
        while box.weightLayouts.count <= index { box.weightLayouts.append(TensorLayout()) }
        result.pointee.trainable = weight.isTrainable ? 1 : 0
        result.pointee.name = box.text(weight.name)
        result.pointee.tensor = box.weightLayouts[index].tensor(weight.tensor)
      }
    }
    table.assign = { pointer, weights, count in
      call(pointer) { box in
        for index in 0..<Int(count) {
          guard let weight = weights?[index]?.pointee, let name = weight.name,
            let view = TensorView(weight.tensor)
          else { throw PluginError("a weight to assign has no name, or a layout that cannot be read") }
          try box.assign(Weight(name: String(cString: name), tensor: view))
        }
      }
    }
    table.parameter_name = { pointer, index in
      guard let box = Box.from(pointer, as: ModelBox.self) else { return nil }
      return box._withUnsafeGuaranteedRef { box in
        let names = box.parameterNames
        return index < names.count ? box.text(names[Int(index)]) : nil
      }
    }
    table.parameter_get = { pointer, name, value in
      guard let box = Box.from(pointer, as: ModelBox.self), let name, let value else { return TY_FAILED }
      return box._withUnsafeGuaranteedRef { box in
        guard let found = box.parameter(String(cString: name)) else { return TY_UNSUPPORTED }
        value.pointee = found
        return TY_OK
      }
    }
    table.parameter_set = { pointer, name, value in
      guard let name else { return TY_FAILED }
      return call(pointer) { try $0.setParameter(String(cString: name), to: value) }
    }
    return table
  }
}

extension SnapshottingModel {
  public static func exportTable() -> ExportedTable {
    var table = modelTable()
    table.snapshot_take = { pointer, number in
      call(pointer) { try $0.snapshots?.takeSnapshot(Int(number)) }
    }
    table.snapshot_restore = { pointer, number in
      call(pointer) { try $0.snapshots?.restoreSnapshot(Int(number)) }
    }
    table.snapshot_drop = { pointer, number in
      call(pointer) { try $0.snapshots?.dropSnapshot(Int(number)) }
    }
    return exportedTable(table)
  }
}

@inline(__always) private func call(
  _ pointer: UnsafeMutableRawPointer?, _ body: (ModelBox) throws -> Void
) -> ty_status {
  guard let box = Box.from(pointer, as: ModelBox.self) else { return TY_FAILED }
  return box._withUnsafeGuaranteedRef { box in box.attempt { try body(box) } }
}

@inline(__always) private func run(
  _ pointer: UnsafeMutableRawPointer?, _ batch: UnsafePointer<ty_batch>?,
  _ result: UnsafeMutablePointer<ty_step>?, _ body: (ModelBox, Batch) throws -> StepResult
) -> ty_status {
  guard let batch, let result else { return TY_FAILED }
  return call(pointer) { box in
    let step = try body(box, try Batch(batch.pointee))
    result.pointee.loss = step.loss
    result.pointee.weight = step.weight
    result.pointee.optimizer_steps = UInt32(step.optimizerSteps)
    result.pointee.prediction = box.prediction.tensor(step.prediction)
  }
}
