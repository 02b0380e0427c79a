import CTrainyard

/// A model in a helper. Its weights and predictions are copied: they stay as they were while it works.
public final class RemoteModel: RemoteInstance {
  private var facts: ty_model_facts?
  private var task: ModelTask?
  /// As of the last call that could change them.
  private var weights: BorrowedWeights?
  private var prediction: UnsafeMutableRawBufferPointer = .allocate(byteCount: 64, alignment: 64)
  private let layouts = TensorLayouts()
  private var names: [UnsafeMutablePointer<CChar>?] = []

  public init(
    _ group: HelperGroup, component: ComponentDescription, name: String, options: [String: OptionValue],
    settings: IsolationSettings, services: any HostServices
  ) throws {
    try super.init(
      group, component: component, name: name, options: options, settings: settings, services: services)
  }

  deinit {
    prediction.deallocate()
    for name in names { name?.deallocate() }
  }

  public func reset(seed: UInt64, task: UnsafePointer<ty_task>) throws {
    facts = nil
    weights = nil
    self.task = ModelTask(task)
    try runReset(.modelReset) {
      $0.put(seed)
      $0.put(task)
    }
  }

  public func describe() throws -> ty_model_facts {
    if let facts { return facts }
    var reader = try perform(.describe, "describe")
    var found = ty_model_facts()
    found.struct_size = UInt32(MemoryLayout<ty_model_facts>.size)
    found.task = try reader.take(UInt32.self)
    found.flags = try reader.take(UInt32.self)
    found.prediction = ty_dtype(
      code: try reader.take(UInt8.self), bits: try reader.take(UInt8.self), lanes: 1)
    found.width = try reader.take(Int64.self)
    let fault = task.map { $0.fault(in: found) } ?? "the model was not reset for a task"
    if let fault { throw failure("describe", fault) }
    facts = found
    return found
  }

  // MARK: Steps

  public func trainStep(_ batch: UnsafePointer<ty_batch>, _ step: UnsafeMutablePointer<ty_step>) throws {
    weights = nil
    try take(.trainStep, "train_step", batch, step)
  }

  public func evaluate(_ batch: UnsafePointer<ty_batch>, _ step: UnsafeMutablePointer<ty_step>) throws {
    try take(.evaluate, "evaluate", batch, step)
  }

  private func take(
    _ call: HelperCall, _ name: String, _ batch: UnsafePointer<ty_batch>,
    _ step: UnsafeMutablePointer<ty_step>
  ) throws {
    let facts = try describe()
    let pieces = BatchPieces(batch)
    var reader = try perform(call, name, input: pieces.pieces) { $0.put(batch, pieces) }
    step.pointee = ty_step()
    step.pointee.struct_size = UInt32(MemoryLayout<ty_step>.size)
    step.pointee.optimizer_steps = try reader.take(UInt32.self)
    step.pointee.loss = try reader.take(Double.self)
    step.pointee.weight = try reader.take(Double.self)
    let (code, bits) = (try reader.take(UInt8.self), try reader.take(UInt8.self))
    let shape = try reader.list(least: 8) { reader throws(WireFault) in try reader.take(Int64.self) }
    let bytes = try reader.data()
    let rows = batch.pointee.rows
    let type = ty_dtype(code: code, bits: bits, lanes: 1)
    guard code == facts.prediction.code, bits == facts.prediction.bits,
      shape == (facts.width == 0 ? [rows] : [rows, facts.width]),
      shape.byteCount(Int(bits) / 8) == bytes.count, step.pointee.weight.isFinite, step.pointee.weight >= 0
    else { throw failure(name, "its prediction has another shape or type than it said") }
    if prediction.count < bytes.count {
      prediction.deallocate()
      prediction = .allocate(byteCount: bytes.count, alignment: 64)
    }
    prediction.copyBytes(from: bytes)
    layouts.removeAll()
    step.pointee.prediction = layouts.tensor(
      SharedTensor(type: type, shape: shape, offset: 0), base: prediction.baseAddress)
  }

  // MARK: Weights

  public func weightCount() throws -> Int { try fetched().pointers.count }

  public func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) throws {
    let weights = try fetched()
    guard weights.pointers.indices.contains(index), let found = weights.pointers[index] else {
      throw HostError.wrongArgument(instance: name, call: "weight", reason: "there is no weight \(index)")
    }
    weight.pointee = found.pointee
  }

  private func fetched() throws -> BorrowedWeights {
    if let weights { return weights }
    var reader = try perform(.weights, "weight")
    let found = BorrowedWeights(try reader.list { reader throws(WireFault) in try reader.weight() })
    weights = found
    return found
  }

  public func assign(_ new: [UnsafePointer<ty_weight>?]) throws {
    try perform(.assign, "assign") { $0.put(list: new.compactMap { $0 }) { $0.put($1) } }
    weights = nil
  }

  // MARK: Hyper-parameters, snapshots

  public func parameterNamePointer(_ index: Int) throws -> UnsafePointer<CChar>? {
    guard index >= 0, index < 4096 else { return nil }
    // They are a model's for life.
    while names.count <= index {
      if let last = names.last, last == nil { return nil }
      var reader = try perform(.parameterName, "parameter_name") { $0.put(Int64(names.count)) }
      names.append(try reader.optionalText().map { copyText($0) })
    }
    return UnsafePointer(names[index])
  }

  public func parameterName(_ index: Int) throws -> String? {
    Foreign.words(try parameterNamePointer(index))
  }

  public func parameter(_ name: String) throws -> Double? {
    var reader = try perform(.parameterGet, "parameter_get") { $0.put(name) }
    return try reader.bool() ? try reader.take(Double.self) : nil
  }

  public func setParameter(_ name: String, _ value: Double) throws {
    try perform(.parameterSet, "parameter_set") {
      $0.put(name)
      $0.put(value)
    }
  }

  public var hasSnapshots: Bool { component.slots.contains("snapshot_take") }

  public func takeSnapshot(_ slot: Int) throws {
    try perform(.snapshotTake, "snapshot_take") { $0.put(Int64(slot)) }
  }

  public func restoreSnapshot(_ slot: Int) throws {
    try perform(.snapshotRestore, "snapshot_restore") { $0.put(Int64(slot)) }
    weights = nil
  }

  public func dropSnapshot(_ slot: Int) throws {
    // They are gone with it.
    if hasGone { return }
    try perform(.snapshotDrop, "snapshot_drop") { $0.put(Int64(slot)) }
  }

  private func failure(_ call: String, _ words: String) -> PluginFailure {
    PluginFailure(instance: name, component: component.id, call: call, words: words)
  }
}
