import CConformance
import CTrainyard
import PluginHost

/// A model that is trained by hand over sample rows, and what is seen of it.
final class ModelDrive {
  let model: ModelInstance
  let host: ScriptedHost
  private(set) var rows: SampleRows
  private let context: RuleContext
  private let memory: any EventMemory
  private var steps = 0
  /// The numbers of rows that were given, by what was in them.
  private var dataIDs: [[Int]: UInt64] = [:]
  private var rowsNumber = 0
  /// Told how often each step allocated; `nil`: not counted.
  var counting: ((String, UInt64) -> Void)?

  init(_ context: RuleContext, rows: SampleRows, memory: any EventMemory = HeapMemory()) throws {
    self.context = context
    self.rows = rows
    self.memory = memory
    host = context.host()
    host.memory = memory
    model = try context.model(host)
  }

  private var lending: Lending { Lending(memory: memory) }

  private func calling<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    host.callBegins()
    memory.callBegins()
    defer { memory.callEnded() }
    let result = try context.calling(name, body)
    host.applyEffects()
    return result
  }

  // MARK: Life cycle

  /// As the host resets before a run, which may be over other rows.
  func reset(seed: UInt64, rows: SampleRows? = nil) throws {
    if let rows {
      self.rows = rows
      rowsNumber += 1
    }
    host.prepareRun()
    steps = 0
    let task = self.rows.task(lending)
    try calling("reset") { try model.reset(seed: seed, task: task) }
    _ = try calling("describe") { try model.describe() }
  }

  var isFullBatch: Bool {
    (try? model.describe().flags).map { $0 & UInt32(TY_MODEL_FULL_BATCH) != 0 } ?? false
  }
  var resumesExactly: Bool {
    (try? model.describe().flags).map { $0 & UInt32(TY_MODEL_RESUME_EXACT) != 0 } ?? false
  }

  func state() throws -> SavedState { try calling("state_save") { try model.saveState() } }
  func load(_ state: SavedState) throws { try calling("state_load") { try model.loadState(state) } }
  func destroy() { try? calling("destroy") { model.destroy() } }

  // MARK: Steps

  /// Goes on with the batch that comes after so many steps.
  func skip(steps count: Int) { steps = count }

  /// Some steps of training, and what they gave.
  func train(_ count: Int) throws -> Observations {
    var seen = Observations()
    for _ in 0..<count {
      let batches = isFullBatch ? [rows.all] : rows.batches(of: 8)
      let batch = batches[steps % batches.count]
      steps += 1
      try add(
        step("train_step", batch, pass: TY_PASS_TRAIN, endsPass: steps % batches.count == 0), "step \(steps)",
        to: &seen)
    }
    return seen
  }

  /// What it predicts for `batch`, and the loss.
  func evaluate(
    _ batch: [Int], pass: Int32 = TY_PASS_VALIDATION, hasTarget: Bool = true
  ) throws -> Observations {
    var seen = Observations()
    try add(
      step("evaluate", batch, pass: pass, endsPass: false, hasTarget: hasTarget), "evaluating", to: &seen)
    return seen
  }

  typealias Step = (loss: Double, weight: Double, prediction: [Double])

  private func add(_ step: Step, _ name: String, to seen: inout Observations) {
    seen.add("the loss of \(name)", [step.loss])
    seen.add("the prediction of \(name)", step.prediction)
    seen.add("the sum of weights of \(name)", [step.weight])
  }

  func step(
    _ call: String, _ batch: [Int], pass: Int32, endsPass: Bool, hasTarget: Bool = true
  ) throws -> Step {
    let given = rows.batch(
      batch, pass: pass, endsPass: endsPass, hasTarget: hasTarget,
      dataID: isFullBatch ? dataID(of: batch, hasTarget) : 0, lending)
    let answer = lending.place(ty_step(), "the answer of the step", isWritable: true)
    return try calling(call) {
      if counting != nil { cf_count_allocations() }
      if call == "train_step" {
        try model.trainStep(given, answer)
      } else {
        try model.evaluate(given, answer)
      }
      counting?(call, cf_allocations())
      return (answer.pointee.loss, answer.pointee.weight, numbers(of: answer.pointee.prediction))
    }
  }

  /// Equal for the very same rows, and for no others.
  private func dataID(of batch: [Int], _ hasTarget: Bool) -> UInt64 {
    let key = [rowsNumber, hasTarget ? 1 : 0] + batch
    if let known = dataIDs[key] { return known }
    let new = UInt64(dataIDs.count + 1)
    dataIDs[key] = new
    return new
  }

  // MARK: What can be seen

  /// Weights and hyper-parameters.
  func look() throws -> Observations {
    var seen = Observations()
    for weight in try weights() { seen.add("the weight '\(weight.name)'", weight.values) }
    for (name, value) in try parameters() { seen.add("the hyper-parameter '\(name)'", [value]) }
    return seen
  }

  struct Weight {
    var name: String
    var values: [Double]
    var bytes: [UInt8]
    var dtype: ty_dtype
    var shape: [Int64]
    var isTrainable: Bool
  }

  func weights() throws -> [Weight] {
    try calling("weight_count") { try model.weightCount() }.indices.map { index in
      let view = lending.place(ty_weight(), "the place for a weight", isWritable: true)
      return try calling("weight") {
        try model.weight(index, into: view)
        let tensor = view.pointee.tensor
        let values = numbers(of: tensor)
        let start = tensor.data.map { UnsafeRawPointer($0) + Int(tensor.byte_offset) }
        return Weight(
          name: String(cString: view.pointee.name), values: values,
          bytes: Array(
            UnsafeRawBufferPointer(start: start, count: values.count * Int(tensor.dtype.bits) / 8)),
          dtype: tensor.dtype, shape: (0..<Int(tensor.ndim)).map { tensor.shape[$0] },
          isTrainable: view.pointee.trainable != 0)
      }
    }
  }

  /// Replaces weights by copies.
  func assign(_ weights: [Weight]) throws {
    let given = weights.map { weight in
      var tensor = lending.tensor(
        weight.bytes, shape: weight.shape.map { Int($0) }, "a weight to assign",
        alignment: Int(weight.dtype.bits) / 8)
      tensor.dtype = weight.dtype
      return UnsafePointer<ty_weight>?(
        lending.place(
          ty_weight(
            struct_size: UInt32(MemoryLayout<ty_weight>.size), trainable: weight.isTrainable ? 1 : 0,
            name: lending.text(weight.name, "the name of a weight to assign"), tensor: tensor),
          "a weight to assign"))
    }
    try calling("assign") { try model.assign(given) }
  }

  /// Replaces weights by the model's own views of them.
  func assignViewsOfItself() throws {
    let count = try calling("weight_count") { try model.weightCount() }
    let view = UnsafeMutablePointer<ty_weight>.allocate(capacity: 1)
    view.initialize(to: ty_weight())
    defer { view.deallocate() }
    // A view holds until the next call, and that is the one that assigns it: so one at a time.
    for index in 0..<count {
      try calling("weight") { try model.weight(index, into: view) }
      try calling("assign") { try model.assign([UnsafePointer(view)]) }
    }
  }

  func parameters() throws -> [(String, Double)] {
    var found: [(String, Double)] = []
    var index = 0
    while let name = try calling("parameter_name", { try model.parameterName(index) }) {
      if let value = try calling("parameter_get", { try model.parameter(name) }) {
        found.append((name, value))
      }
      index += 1
    }
    return found
  }

  /// Takes a snapshot, trains on, and brings the weights back.
  func snapshot(_ slot: Int) throws {
    try calling("snapshot_take") { try model.takeSnapshot(slot) }
    _ = try train(1)
    try calling("snapshot_restore") { try model.restoreSnapshot(slot) }
    try calling("snapshot_drop") { try model.dropSnapshot(slot) }
  }

  func set(_ name: String, _ value: Double) throws {
    try calling("parameter_set") { try model.setParameter(name, value) }
  }
}

extension Int {
  fileprivate var indices: Range<Int> { 0..<Swift.max(0, self) }
}
