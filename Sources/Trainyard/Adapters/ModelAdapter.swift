import CTrainyard
import PluginHost
import Training

/// A model plugin as the loop sees it.
final class ModelAdapter: LoopModel {
  let name: String
  let instance: ModelInstance
  private let context: InstanceContext
  private let batch = CBatch()
  private let step = UnsafeMutablePointer<ty_step>.allocate(capacity: 1)
  /// The task of the last reset: the model may read it until the next.
  private var task: CTask?
  private var facts: ModelFacts?

  init(_ planned: PlannedInstance, run: RunContext) throws {
    name = planned.name
    context = InstanceContext(run: run, effects: EffectQueue(), party: planned.party, name: planned.name)
    instance = try ModelInstance(
      component: planned.component, name: planned.name, options: planned.options, services: context)
    step.initialize(to: ty_step())
    step.pointee.struct_size = UInt32(MemoryLayout<ty_step>.size)
    run.model = self
  }

  deinit { step.deallocate() }

  func reset(seed: UInt64, task: LearningTask) throws {
    context.rewind()
    let new = CTask(task)
    try instance.reset(seed: seed, task: UnsafePointer(new.pointer))
    self.task = new
    facts = nil
  }

  func describe() throws -> ModelFacts {
    if let facts { return facts }
    let answer = try instance.describe()
    guard let kind = TaskKind(rawValue: Int(answer.task)) else {
      throw LoopError("the model answers with task \(answer.task), which this host does not know")
    }
    let result = ModelFacts(
      task: kind, width: Int(answer.width), needsFullBatch: answer.flags & UInt32(TY_MODEL_FULL_BATCH) != 0,
      resumesExactly: answer.flags & UInt32(TY_MODEL_RESUME_EXACT) != 0)
    facts = result
    return result
  }

  func trainStep(_ batch: Batch, _ result: StepResult) throws {
    try instance.trainStep(self.batch.describe(batch), step)
    try take(batch, result)
  }

  func evaluate(_ batch: Batch, _ result: StepResult) throws {
    try instance.evaluate(self.batch.describe(batch), step)
    try take(batch, result)
  }

  /// What the step gave. The shape of predictions is checked in every step, and a new array is made only when it
  /// has changed.
  private func take(_ batch: Batch, _ result: StepResult) throws {
    result.loss = step.pointee.loss
    result.weight = step.pointee.weight
    result.optimizerSteps = Int(step.pointee.optimizer_steps)
    let width = try describe().width
    let raw = step.pointee.prediction
    guard let data = raw.data, let type = ElementType(raw.dtype), type == .float32 || type == .float64,
      raw.device.type == TY_DEVICE_CPU, raw.byte_offset == 0, raw.ndim == (width == 0 ? 1 : 2),
      raw.shape != nil, raw.shape[0] == batch.rows, width == 0 || raw.shape[1] == width,
      isContiguous(raw, width)
    else {
      throw LoopError(
        "its prediction is not what it declared: contiguous f32 or f64 on the CPU, of shape "
          + (width == 0 ? "[\(batch.rows)]" : "[\(batch.rows), \(width)]"))
    }
    let old = result.prediction
    if old.base == data, old.type == type, old.shape.count == Int(raw.ndim), old.shape[0] == batch.rows {
      return
    }
    result.prediction = Tensor(data, type, shape: width == 0 ? [batch.rows] : [batch.rows, width])
  }

  private func isContiguous(_ tensor: ty_tensor, _ width: Int) -> Bool {
    guard let strides = tensor.strides else { return false }
    let row = Int64(max(width, 1))
    return (strides[0] == row || tensor.shape[0] <= 1) && (width == 0 || strides[1] == 1 || width == 1)
  }

  // MARK: Weights

  func weights() throws -> [NamedTensor] {
    try (0..<instance.weightCount).map { index in
      var weight = ty_weight()
      weight.struct_size = UInt32(MemoryLayout<ty_weight>.size)
      try instance.weight(index, into: &weight)
      guard let name = weight.name, let tensor = Tensor(borrowing: weight.tensor) else {
        throw LoopError("its weight number \(index) has no name, or a layout that cannot be read")
      }
      return NamedTensor(name: String(cString: name), tensor: tensor, isTrainable: weight.trainable != 0)
    }
  }

  func assign(_ weights: [NamedTensor]) throws {
    let c = CWeights(weights)
    try withExtendedLifetime(c) { try instance.assign(c.pointers) }
  }

  // MARK: Hyper-parameters, snapshots, state

  var parameterNames: [String] {
    var names: [String] = []
    while names.count < 1000, let name = instance.parameterName(names.count) {
      names.append(String(cString: name))
    }
    return names
  }

  func parameter(_ name: String) -> Double? { instance.parameter(name) }
  func setParameter(_ name: String, _ value: Double) throws { try instance.setParameter(name, value) }
  var hasSnapshots: Bool { instance.hasSnapshots }
  func takeSnapshot(_ number: Int) throws { try instance.takeSnapshot(UInt32(number)) }
  func restoreSnapshot(_ number: Int) throws { try instance.restoreSnapshot(UInt32(number)) }
  func dropSnapshot(_ number: Int) throws { try instance.dropSnapshot(UInt32(number)) }
  func saveState() throws -> StateTable { StateTable(try instance.saveState()) }
  func loadState(_ state: StateTable) throws { try instance.loadState(state.saved) }
}
