import CTrainyard

/// A model in a helper. What it gives lies in memory that the helper can write to at any time, so only its loop, which
/// copies weights or computes with them, is shown that; everybody else is shown a copy.
public final class RemoteModel: RemoteInstance {
  private var facts: ty_model_facts?
  private var task: ModelTask?
  /// As of the last call that could change them.
  private var weights: SharedWeights?
  /// The same, copied when somebody asked for them.
  private var ownWeights: SharedWeights?
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
    forgetWeights()
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
    forgetWeights()
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
    let rows = batch.pointee.rows
    let expected = facts.width == 0 ? [rows] : [rows, facts.width]
    guard let size = expected.byteCount(Int(facts.prediction.bits) / 8) else {
      throw failure(name, "predictions of the shape \(expected) do not fit into memory")
    }
    let pieces = BatchPieces(batch)
    var reader = try perform(call, name, input: pieces.pieces, outputSize: max(1, size)) {
      $0.put(batch, pieces)
    }
    step.pointee = ty_step()
    step.pointee.struct_size = UInt32(MemoryLayout<ty_step>.size)
    step.pointee.optimizer_steps = try reader.take(UInt32.self)
    step.pointee.loss = try reader.take(Double.self)
    step.pointee.weight = try reader.take(Double.self)
    guard let area = area(.output), var found = try reader.tensor(in: area.size),
      found.type.code == facts.prediction.code, found.type.bits == facts.prediction.bits,
      found.shape == expected, step.pointee.weight.isFinite, step.pointee.weight >= 0
    else { throw failure(name, "its prediction has another shape or type than it said") }
    if prediction.count < size {
      prediction.deallocate()
      prediction = .allocate(byteCount: size, alignment: 64)
    }
    // A copy: a monitor may look at a number twice, and must find the same.
    prediction.baseAddress?.copyMemory(from: area.base + Int(found.offset), byteCount: size)
    found.offset = 0
    layouts.removeAll()
    step.pointee.prediction = layouts.tensor(found, base: prediction.baseAddress)
  }

  // MARK: Weights

  public func weightCount() throws -> Int { try fetched().pointers.count }

  public func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) throws {
    let copy = try ownWeights ?? fetched().copied()
    ownWeights = copy
    weight.pointee = try find(index, in: copy)
  }

  public func unsteadyWeight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) throws {
    weight.pointee = try find(index, in: try fetched())
  }

  private func find(_ index: Int, in weights: SharedWeights) throws -> ty_weight {
    guard weights.pointers.indices.contains(index), let found = weights.pointers[index] else {
      throw HostError.wrongArgument(instance: name, call: "weight", reason: "there is no weight \(index)")
    }
    return found.pointee
  }

  private func fetched() throws -> SharedWeights {
    if let weights { return weights }
    var reader = try perform(.weights, "weight")
    guard let area = area(.weights) else { throw failure("weight", "it has shown no memory with weights") }
    let found = SharedWeights(try reader.weights(in: area.size), in: area)
    weights = found
    return found
  }

  private func forgetWeights() {
    weights = nil
    ownWeights = nil
  }

  public func assign(_ new: [UnsafePointer<ty_weight>?]) throws {
    // What is assigned may be what was shown.
    defer { forgetWeights() }
    var layout = AreaLayout()
    let pieces = try new.compactMap { weight in
      try weight.map { weight in
        let size = try TensorCheck.size(weight.pointee.tensor).get()
        return (weight, layout.place(size), size)
      }
    }
    let input = pieces.map { weight, _, size in
      UnsafeRawBufferPointer(start: UnsafeRawPointer(TensorCheck.start(weight.pointee.tensor)), count: size)
    }
    try perform(.assign, "assign", input: input) {
      $0.put(list: pieces) { $0.put($1.0, at: $1.1) }
    }
  }

  public override func loadState(_ saved: SavedState) throws {
    forgetWeights()
    try super.loadState(saved)
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
    forgetWeights()
    try perform(.snapshotRestore, "snapshot_restore") { $0.put(Int64(slot)) }
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
