import ForeignCalls
import PluginHost
import Training

/// A C function as the loop sees it: one instance for one pass, or one for the end of each epoch where the function is
/// given nothing of a pass.
final class FunctionMonitor: LoopMonitor {
  let name: String
  let isSample: Bool
  let effects = EffectQueue()
  private let signature: ForeignSignature
  private let call: any FunctionCalls
  /// Its helper died, and the run goes on without it.
  private var isDropped = false
  private let when: FunctionConfig.When
  private let passMeasured: Pass?
  private let data: Set<ForeignData>
  private let quantities: Set<ForeignQuantity>
  /// The metrics that are passed, and their ids.
  private let inputs: [(name: String, id: Int)]
  /// The metrics of the outputs, in the order of the call; the one of the result.
  private let outputIDs: [Int]
  private let resultID: Int?
  private weak var run: (any RunView)?
  private var pass = PassState()

  /// What the pass that is running has shown. Kept in parts, so that its memory is used again.
  private struct PassState {
    var rows = 0
    /// Numbers in a row of predictions.
    var width = 1
    let gathered: [ForeignData: GatheredRows] = [
      .prediction: GatheredRows(), .target: GatheredRows(), .weight: GatheredRows(),
    ]
    /// Of the result and of each output, for `when: batch`.
    var means: [RowMean] = []
  }

  /// - Parameter pass: `nil`: called at the end of each epoch, given metrics and constants alone.
  init(_ planned: PlannedFunction, run: RunContext, pass: Pass?) throws {
    name = planned.name
    isSample = pass == nil
    signature = planned.config.signature
    when = planned.config.when
    passMeasured = pass
    data = signature.data
    quantities = signature.quantities
    let party = "monitor '\(planned.name)'"
    let prefix = pass == .validation ? "val_" : ""
    if let isolation = planned.isolation {
      call = try RemoteFunction(
        planned, isolation,
        InstanceContext(run: run, effects: effects, party: party, name: planned.name, metricPrefix: prefix))
    } else {
      call = try ForeignCall(ForeignFunction(signature))
    }
    let metrics = run.metrics
    if case .scalar = signature.returns {
      resultID = metrics.declare(prefix + planned.name, planned.direction, .epoch, by: party)
    } else {
      resultID = nil
    }
    outputIDs = signature.outputs.map {
      metrics.declare(prefix + $0.name, Direction(name: $0.direction.rawValue) ?? .none, .epoch, by: party)
    }
    let reader = planned.place.isEmpty ? party : "\(party) (\(planned.place))"
    inputs = signature.metrics.map { ($0, metrics.want($0, optional: false, by: reader)) }
    self.pass.means = Array(repeating: RowMean(), count: 1 + outputIDs.count)
  }

  // MARK: A run

  func reset() throws {
    effects.removeAll()
    clear()
    isDropped = false
    try unlessDropped { try call.reset() }
  }

  /// One that may be dropped is silent from then on, and so are its metrics.
  private func unlessDropped(_ body: () throws -> Void) throws {
    guard !isDropped else { return }
    do { try body() } catch let failure as HelperFailure where failure.incident.policy == .drop {
      isDropped = true
    }
  }

  /// Targets are class numbers or numbers with a fraction, as the task has it: a type that cannot hold them is refused
  /// before anything is trained.
  func prepare(_ task: LearningTask) throws {
    let isClasses = task.kind == .binary || task.kind == .classes
    let largest = isClasses ? max(1, task.outputWidth - 1) : nil
    for (index, argument) in signature.arguments.enumerated() {
      guard case .data(.target) = argument.binding, case .pointer(let type, _) = argument.type else {
        continue
      }
      let fault = ForeignConversion.fault(.target, from: isClasses ? .i32 : .f32, to: type, largest: largest)
      if var fault {
        fault.argument = index
        throw fault
      }
    }
    try checkQuantities(task)
  }

  /// Numbers of a run that a type may turn out too small for are refused before it begins.
  private func checkQuantities(_ task: LearningTask) throws(ForeignError) {
    for (index, argument) in signature.arguments.enumerated() {
      guard case .quantity(let quantity) = argument.binding, case .scalar(let type) = argument.type,
        let largest = largest(quantity, task), UInt64(max(0, largest)) > type.largestInteger
      else { continue }
      throw ForeignError(
        .doesNotFit, "'\(quantity.rawValue)' may become \(largest), which '\(type.rawValue)' cannot hold",
        help: "let the function take a larger type", argument: index)
    }
  }

  /// `nil`: not known before the run, as the rows of the validation data.
  private func largest(_ quantity: ForeignQuantity, _ task: LearningTask) -> Int? {
    switch quantity {
    case .count:
      guard passMeasured == .train else { return nil }
      return when == .batch ? min(task.batchSize, task.trainingRows) : task.trainingRows
    case .width: return task.outputWidth
    case .epoch: return task.epochs - 1
    case .step:
      guard task.batchSize > 0 else { return nil }
      let batches = task.trainingRows / task.batchSize + (task.trainingRows % task.batchSize > 0 ? 1 : 0)
      let (steps, isTooMany) = batches.multipliedReportingOverflow(by: task.epochs)
      return isTooMany ? .max : steps
    }
  }

  func begin(_ run: any RunView) { self.run = run }

  func passBegin(_ pass: Pass) { clear() }

  private func clear() {
    pass.rows = 0
    pass.width = 1
    for rows in pass.gathered.values { rows.removeAll() }
    for index in pass.means.indices { pass.means[index] = RowMean() }
  }

  // MARK: A batch

  func update(_ batch: Batch, prediction: Tensor) throws {
    guard batch.rows > 0, !isDropped else { return }
    let (rows, isTooMany) = pass.rows.addingReportingOverflow(batch.rows)
    let width = max(1, prediction.count / batch.rows)
    guard !isTooMany, pass.rows == 0 || when == .batch || width == pass.width else {
      throw ForeignError(
        .doesNotFit,
        "a batch has \(width) numbers in a row of predictions, and those before had \(pass.width)")
    }
    pass.width = width
    if when == .epoch { try gather(batch, prediction) }
    pass.rows = rows
    if when == .epoch { return }
    if data.contains(.prediction) { try call.bind(.prediction, to: ForeignArray(prediction)) }
    if data.contains(.target) { try call.bind(.target, to: ForeignArray(try target(batch))) }
    if data.contains(.weight) {
      if let weight = batch.weight {
        try call.bind(.weight, to: ForeignArray(weight))
      } else {
        call.bindOnes(.weight, count: batch.rows)
      }
    }
    try setQuantities(rows: batch.rows)
    try unlessDropped { try call() }
    if isDropped { return }
    if let value = call.result { pass.means[0].add(value, rows: batch.rows) }
    for index in outputIDs.indices {
      if let value = call.output(index) { pass.means[index + 1].add(value, rows: batch.rows) }
    }
  }

  /// What a function is told of rows must be true of each array, or it would read past an end.
  private func gather(_ batch: Batch, _ prediction: Tensor) throws {
    if data.contains(.prediction) { try pass.gathered[.prediction]?.append(prediction) }
    if data.contains(.target) { try pass.gathered[.target]?.append(try target(batch)) }
    guard data.contains(.weight) else { return }
    if let weight = batch.weight {
      try pass.gathered[.weight]?.append(weight)
    } else {
      pass.gathered[.weight]?.appendOnes(batch.rows)
    }
  }

  private func target(_ batch: Batch) throws -> Tensor {
    guard let target = batch.target else {
      throw ForeignError(.doesNotFit, "a batch without targets", help: "leave 'target' out of 'args'")
    }
    return target
  }

  private func setQuantities(rows: Int) throws {
    guard !quantities.isEmpty else { return }
    try call.set(.count, to: rows)
    try call.set(.width, to: pass.width)
    try call.set(.epoch, to: max(0, run?.epoch ?? 0))
    try call.set(.step, to: run?.step ?? 0)
  }

  // MARK: The end of a pass

  func compute() throws {
    if isDropped { return }
    if when == .batch {
      if let resultID, let value = pass.means[0].value { publish(resultID, value) }
      for (index, id) in outputIDs.enumerated() {
        if let value = pass.means[index + 1].value { publish(id, value) }
      }
      return
    }
    guard isSample || pass.rows > 0, setMetrics() else { return }
    for data in data {
      guard let rows = pass.gathered[data] else { continue }
      try call.bind(data, to: ForeignArray(rows.base, ForeignScalar(rows.type), count: rows.count))
    }
    try setQuantities(rows: pass.rows)
    try unlessDropped { try call() }
    if isDropped { return }
    if let resultID, let value = call.result { publish(resultID, value) }
    for (index, id) in outputIDs.enumerated() {
      if let value = call.output(index) { publish(id, value) }
    }
  }

  /// Returns false where one is absent: then there is nothing to call with.
  private func setMetrics() -> Bool {
    guard !inputs.isEmpty else { return true }
    guard let logs = run?.epochLogs else { return false }
    for (name, id) in inputs {
      guard let value = logs[id] else { return false }
      call.set(metric: name, to: value)
    }
    return true
  }

  private func publish(_ id: Int, _ value: Double) { effects.append(.publish(metric: id, value: value)) }

  // MARK: State

  func saveState() throws -> StateTable {
    var table: StateTable = ["rows": .int(Int64(pass.rows)), "width": .int(Int64(pass.width))]
    var context: [UInt8] = []
    try unlessDropped { context = try call.saveContext() }
    if !context.isEmpty { table["context"] = .bytes(context) }
    if when == .batch {
      for (index, mean) in pass.means.enumerated() { mean.save("mean.\(index)", in: &table) }
    } else {
      for data in data { table[data.rawValue] = pass.gathered[data]?.saved }
    }
    return table
  }

  /// What a checkpoint says is checked against what it holds: the function is told of no row that is not there.
  func loadState(_ state: StateTable) throws {
    clear()
    do { try restore(state) } catch {
      clear()
      throw error
    }
  }

  private func restore(_ state: StateTable) throws {
    pass.rows = try count("rows", in: state, from: 0)
    pass.width = try count("width", in: state, from: 1)
    if case .bytes(let bytes)? = state["context"] {
      guard bytes.count == signature.contextSize else {
        throw Self.damaged("'context' has \(bytes.count) bytes, not \(signature.contextSize)")
      }
      try unlessDropped { try call.loadContext(bytes) }
    }
    for index in pass.means.indices { pass.means[index] = RowMean("mean.\(index)", in: state) }
    guard when == .epoch else { return }
    for data in data {
      guard let rows = pass.gathered[data], rows.restore(state[data.rawValue]),
        rows.count == 0 || ForeignScalar(rows.type).isFloat || data == .target && rows.type == .int32
      else { throw Self.damaged("'\(data.rawValue)' holds no rows") }
      let (needed, isTooMany) = pass.rows.multipliedReportingOverflow(
        by: data == .prediction ? pass.width : 1)
      // A target may have several numbers in a row.
      let fits =
        data == .target && pass.rows > 0 && rows.count > 0
        ? rows.count.isMultiple(of: pass.rows) : rows.count == needed
      guard !isTooMany, fits else {
        throw Self.damaged("'\(data.rawValue)' has \(rows.count) numbers for \(pass.rows) rows")
      }
    }
  }

  private func count(_ key: String, in state: StateTable, from least: Int) throws(ForeignError) -> Int {
    guard let value = state[key] else { return least }
    guard case .int(let number) = value, number >= least else { throw Self.damaged("'\(key)' is no count") }
    return Int(number)
  }

  private static func damaged(_ what: String) -> ForeignError {
    ForeignError(
      .doesNotFit, "the saved state does not fit: \(what)",
      help: "the checkpoint is of another pipeline, or damaged")
  }
}

extension ForeignArray {
  init(_ tensor: Tensor) { self.init(tensor.base, ForeignScalar(tensor.type), count: tensor.count) }
}

extension ForeignScalar {
  init(_ type: Training.ElementType) {
    self =
      switch type {
      case .uint8: .u8
      case .int32: .i32
      case .int64: .i64
      case .float32: .f32
      case .float64: .f64
      }
  }
}

extension ForeignError: FailureWords {
  public var failureWords: (message: String, help: String?) { (message, help.isEmpty ? nil : help) }
}
