import CTrainyard

/// An instance of a model.
public final class ModelInstance: Instance {
  private let table: ty_model
  private var task: ModelTask?
  private var facts: ty_model_facts?

  public init(
    component: ComponentDescription, name: String, options: [String: OptionValue], services: any HostServices
  ) throws {
    guard case .model(let table)? = component.table else {
      throw HostError.otherKind(component: component.id, found: component.kind, expected: .model)
    }
    self.table = table
    try super.init(
      LifeCycle(
        kind: .model, create: table.create, destroy: table.destroy, save: table.state_save,
        load: table.state_load),
      component: component, name: name, options: options, services: services)
  }

  /// Weights and optimizer as new, for `task`, from `seed`.
  public func reset(seed: UInt64, task: UnsafePointer<ty_task>) throws {
    facts = nil
    self.task = ModelTask(task)
    try runReset { table.reset?(instance, seed, task) ?? TY_FAILED }
  }

  /// What the model answers for the task it was reset with, checked against that task.
  public func describe() throws -> ty_model_facts {
    try require(.describe, InstanceState.whole)
    if let facts { return facts }
    var found = ty_model_facts()
    found.struct_size = UInt32(MemoryLayout<ty_model_facts>.size)
    try run(.describe) { table.describe?(instance, &found) ?? TY_FAILED }
    let fault = task.map { $0.fault(in: found) } ?? "the model was not reset for a task"
    if let fault { throw context.failure(of: .describe, fault) }
    facts = found
    return found
  }

  // MARK: - Steps

  /// One step of training. Fills `step`; its prediction is checked, borrowed until the next call on this model, and
  /// as `describe` says: f32 or f64, contiguous, [rows] or [rows, width].
  public func trainStep(_ batch: UnsafePointer<ty_batch>, _ step: UnsafeMutablePointer<ty_step>) throws {
    try requireInUse(.trainStep)
    try take(.trainStep, batch, step, onFailure: .failed, table.train_step)
    enter(.running)
  }

  /// Forward only. Fills `step` as `trainStep` does.
  public func evaluate(_ batch: UnsafePointer<ty_batch>, _ step: UnsafeMutablePointer<ty_step>) throws {
    try requireInUse(.evaluate)
    try take(.evaluate, batch, step, onFailure: nil, table.evaluate)
  }

  @inline(__always)
  private func requireInUse(_ call: PluginCall) throws {
    guard record.pointee.state == InstanceState.running.rawValue else {
      return try require(call, InstanceState.whole)
    }
  }

  @inline(__always)
  private func take(
    _ call: PluginCall, _ batch: UnsafePointer<ty_batch>, _ step: UnsafeMutablePointer<ty_step>,
    onFailure state: InstanceState?,
    _ function: (
      @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<ty_batch>?, UnsafeMutablePointer<ty_step>?) ->
        ty_status
    )?
  ) throws {
    let facts = try self.facts ?? describe()
    step.pointee = ty_step()
    step.pointee.struct_size = UInt32(MemoryLayout<ty_step>.size)
    try run(call, onFailure: state) { function?(instance, batch, step) ?? TY_FAILED }
    if let fault = Self.fault(in: step, facts, rows: batch.pointee.rows) {
      if let state { enter(state) }
      throw context.failure(of: call, fault)
    }
  }

  private static func fault(in step: UnsafePointer<ty_step>, _ facts: ty_model_facts, rows: Int64) -> String?
  {
    guard step.pointee.weight.isFinite, step.pointee.weight >= 0 else {
      return "the sum of the weights is \(step.pointee.weight)"
    }
    let tensor = step.pointee.prediction
    let type = tensor.dtype
    guard type.code == facts.prediction.code, type.bits == facts.prediction.bits, type.lanes == 1 else {
      return "the prediction has elements of code \(type.code) and \(type.bits) bits, "
        + "and the model said code \(facts.prediction.code) and \(facts.prediction.bits) bits"
    }
    if let fault = TensorCheck.fault(tensor) { return "the prediction \(fault)" }
    let fits =
      facts.width == 0
      ? tensor.ndim == 1 && tensor.shape[0] == rows
      : tensor.ndim == 2 && tensor.shape[0] == rows && tensor.shape[1] == facts.width
    guard !fits else { return nil }
    let expected = facts.width == 0 ? [rows] : [rows, facts.width]
    return "the prediction has shape \(TensorCheck.shape(tensor)), and must have \(expected)"
  }

  // MARK: - Weights

  /// 0 for a model that shows none.
  public func weightCount() throws -> Int {
    try require(.weightCount, InstanceState.whole)
    guard let function = table.weight_count else { return 0 }
    let count = try ask(.weightCount) { function(instance) }
    guard count <= UInt64(mostElements) else {
      throw context.failure(of: .weightCount, "the model says that it has \(count) weights")
    }
    return Int(count)
  }

  /// Fills `weight` with a checked view of weight `index`, borrowed until the next call on this model.
  public func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) throws {
    try require(.weight, InstanceState.whole)
    guard let function = table.weight, let index = UInt64(exactly: index) else {
      throw HostError.wrongArgument(instance: name, call: "weight", reason: "there is no weight \(index)")
    }
    weight.pointee = ty_weight()
    weight.pointee.struct_size = UInt32(MemoryLayout<ty_weight>.size)
    try run(.weight) { function(instance, index, weight) }
    weight.pointee.struct_size = UInt32(MemoryLayout<ty_weight>.size)
    if let fault = WeightCheck.fault(weight) {
      throw context.failure(of: .weight, "weight \(index) \(fault)")
    }
  }

  public var canAssign: Bool { table.assign != nil }

  /// Replaces the weights that are named; the others stay.
  public func assign(_ weights: [UnsafePointer<ty_weight>?]) throws {
    try require(.assign, InstanceState.whole)
    guard let function = table.assign else {
      throw unsupported(.assign, "this model's weights cannot be replaced")
    }
    try run(.assign) {
      weights.withUnsafeBufferPointer { function(instance, $0.baseAddress, UInt64($0.count)) }
    }
  }

  // MARK: - Hyper-parameters

  /// The name of hyper-parameter `index`, borrowed until the next call on this model; `nil` past the last.
  public func parameterNamePointer(_ index: Int) throws -> UnsafePointer<CChar>? {
    try require(.parameterName, InstanceState.whole)
    guard let function = table.parameter_name, let index = UInt64(exactly: index) else { return nil }
    guard let start = try ask(.parameterName, { function(instance, index) }) else { return nil }
    do {
      _ = try Foreign.text(start, limit: 257)
      return start
    } catch {
      throw context.failure(of: .parameterName, "the name of hyper-parameter \(index) is \(error.words)")
    }
  }

  /// The name of hyper-parameter `index`; `nil` past the last.
  public func parameterName(_ index: Int) throws -> String? {
    guard index < 4096, let start = try parameterNamePointer(index) else { return nil }
    return Foreign.words(start)
  }

  /// `nil`: the model has none of that name.
  public func parameter(_ name: String) throws -> Double? {
    try require(.parameterGet, InstanceState.whole)
    guard let function = table.parameter_get else { return nil }
    var value = 0.0
    do {
      // By withCString: a text given as an argument becomes an array first, and schedules ask in each batch.
      try run(.parameterGet) { name.withCString { function(instance, $0, &value) } }
      return value
    } catch let failure as PluginFailure where failure.code == TY_UNSUPPORTED {
      return nil
    }
  }

  public func setParameter(_ name: String, _ value: Double) throws {
    try require(.parameterSet, InstanceState.whole)
    guard let function = table.parameter_set else {
      throw unsupported(.parameterSet, "this model has no '\(name)' that can be set")
    }
    try run(.parameterSet) { name.withCString { function(instance, $0, value) } }
  }

  // MARK: - Snapshots

  /// Whether the model keeps snapshots itself, more cheaply than by views of its weights.
  public var hasSnapshots: Bool { table.snapshot_take != nil }

  public func takeSnapshot(_ slot: Int) throws { try snapshot(.snapshotTake, slot, table.snapshot_take) }
  public func restoreSnapshot(_ slot: Int) throws {
    try snapshot(.snapshotRestore, slot, table.snapshot_restore)
  }
  public func dropSnapshot(_ slot: Int) throws { try snapshot(.snapshotDrop, slot, table.snapshot_drop) }

  private func snapshot(
    _ call: PluginCall, _ slot: Int,
    _ function: (@convention(c) (UnsafeMutableRawPointer?, UInt32) -> ty_status)?
  ) throws {
    try require(call, InstanceState.whole)
    guard let function else { throw unsupported(call, "this model keeps no snapshots") }
    guard let slot = UInt32(exactly: slot) else {
      throw HostError.wrongArgument(instance: name, call: call.name, reason: "there is no slot \(slot)")
    }
    try run(call) { function(instance, slot) }
  }

  private func unsupported(_ call: PluginCall, _ words: String) -> PluginFailure {
    context.failure(of: call, words, TY_UNSUPPORTED)
  }
}
