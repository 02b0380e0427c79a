import CTrainyard
import Glibc
import PluginHost
import Training

/// A model plugin as the loop sees it.
final class ModelAdapter: LoopModel {
  let name: String
  let instance: any ModelCalls
  let context: InstanceContext
  private let batch = CBatch()
  private let step = UnsafeMutablePointer<ty_step>.allocate(capacity: 1)
  /// The task of the last reset: the model may read it until the next.
  private var task: CTask?
  private var facts: ModelFacts?
  /// The weights as they were described last.
  private var shown: [NamedTensor] = []

  init(_ planned: PlannedInstance, run: RunContext) throws {
    name = planned.name
    context = InstanceContext(run: run, effects: EffectQueue(), party: planned.party, name: planned.name)
    instance = try context.creating { [context] in try planned.makeModel(context) }
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

  /// What the step gave; the host's side has checked it against `describe`. A new shape is made only when it has
  /// changed: not in every step.
  private func take(_ batch: Batch, _ result: StepResult) throws {
    result.numbers = StepResult.Numbers(
      loss: step.pointee.loss, weight: step.pointee.weight,
      optimizerSteps: Int(step.pointee.optimizer_steps))
    let raw = step.pointee.prediction
    // Piece by piece: a copy of the tensor would count its owners.
    if result.prediction.base == raw.data, raw.byte_offset == 0, result.prediction.rows == batch.rows,
      result.prediction.shape.count == Int(raw.ndim)
    {
      return
    }
    guard let prediction = Tensor(borrowing: raw) else { throw LoopError("its prediction cannot be read") }
    result.prediction = prediction
  }

  // MARK: Its helper

  /// Before a run, whose resets are counted from here on.
  func beginRun() { (instance as? RemoteModel)?.beginRun() }

  /// Its helper is gone, and with it what it had learned: until the next reset it cannot be used.
  var helperFailure: HelperFailure? { (instance as? RemoteModel)?.death }
  var death: (any Error)? { helperFailure }
  var words: EffectQueue? { context.effects }

  // MARK: Weights

  /// What the model shows in the same place as the last time is not described anew: averages are taken in each step.
  func weights() throws -> [NamedTensor] {
    let count = try instance.weightCount()
    if shown.count != count { shown = [] }
    for index in 0..<count {
      var weight = ty_weight()
      weight.struct_size = UInt32(MemoryLayout<ty_weight>.size)
      try instance.unsteadyWeight(index, into: &weight)
      if index < shown.count, isShown(weight, shown[index]) { continue }
      guard let name = weight.name, let tensor = Tensor(borrowing: weight.tensor) else {
        throw LoopError("its weight number \(index) has no name, or a layout that cannot be read")
      }
      let named = NamedTensor(
        name: String(cString: name), tensor: tensor, isTrainable: weight.trainable != 0)
      if index < shown.count { shown[index] = named } else { shown.append(named) }
    }
    return shown
  }

  private func isShown(_ weight: ty_weight, _ known: NamedTensor) -> Bool {
    let raw = weight.tensor
    guard let name = weight.name, known.tensor.base == raw.data, raw.byte_offset == 0,
      known.isTrainable == (weight.trainable != 0), Training.ElementType(raw.dtype) == known.tensor.type,
      known.tensor.shape.count == Int(raw.ndim),
      known.tensor.shape.indices.allSatisfy({ raw.shape[$0] == Int64(known.tensor.shape[$0]) })
    else { return false }
    return known.name.utf8.elementsEqual(
      UnsafeRawBufferPointer(start: name, count: strlen(name)))
  }

  func assign(_ weights: [NamedTensor]) throws {
    let c = CWeights(weights)
    try withExtendedLifetime(c) { try instance.assign(c.pointers) }
  }

  // MARK: Hyper-parameters, snapshots, state

  var parameterNames: [String] {
    var names: [String] = []
    while names.count < 1000, let name = try? instance.parameterName(names.count) { names.append(name) }
    return names
  }

  func parameter(_ name: String) -> Double? { try? instance.parameter(name) }
  func setParameter(_ name: String, _ value: Double) throws { try instance.setParameter(name, value) }
  var hasSnapshots: Bool { instance.hasSnapshots }
  func takeSnapshot(_ number: Int) throws { try instance.takeSnapshot(number) }
  func restoreSnapshot(_ number: Int) throws { try instance.restoreSnapshot(number) }
  func dropSnapshot(_ number: Int) throws { try instance.dropSnapshot(number) }
  func saveState() throws -> StateTable { StateTable(try instance.saveState()) }
  func loadState(_ state: StateTable) throws { try instance.loadState(state.saved) }
  var randomState: [UInt64] {
    get { context.randomState }
    set { context.randomState = newValue }
  }
}
