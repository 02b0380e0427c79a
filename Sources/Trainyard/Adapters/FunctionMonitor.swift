import ForeignCalls
import Training

/// A C function as the loop sees it: one instance for one pass, or one for the end of each epoch where the function is
/// given nothing of a pass.
final class FunctionMonitor: LoopMonitor {
  let name: String
  let isSample: Bool
  let effects = EffectQueue()
  private let call: ForeignCall
  private let when: FunctionConfig.When
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
  init(_ planned: PlannedFunction, run: RunContext, pass: Pass?) throws(ForeignError) {
    name = planned.name
    isSample = pass == nil
    let signature = planned.config.signature
    call = try ForeignCall(ForeignFunction(signature))
    when = planned.config.when
    data = signature.data
    quantities = signature.quantities
    let party = "monitor '\(planned.name)'"
    let prefix = pass == .validation ? "val_" : ""
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

  func reset() {
    call.reset()
    effects.removeAll()
    clear()
  }

  /// Targets are class numbers or numbers with a fraction, as the task has it: a type that cannot hold them is refused
  /// before anything is trained.
  func prepare(_ task: LearningTask) throws {
    let isClasses = task.kind == .binary || task.kind == .classes
    let largest = isClasses ? max(1, task.outputWidth - 1) : nil
    for (index, argument) in call.function.signature.arguments.enumerated() {
      guard case .data(.target) = argument.binding, case .pointer(let type, _) = argument.type else {
        continue
      }
      let fault = ForeignConversion.fault(.target, from: isClasses ? .i32 : .f32, to: type, largest: largest)
      if var fault {
        fault.argument = index
        throw fault
      }
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
    guard batch.rows > 0 else { return }
    pass.width = max(1, prediction.count / batch.rows)
    pass.rows += batch.rows
    if when == .epoch { return gather(batch, prediction) }
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
    call()
    if let value = call.result { pass.means[0].add(value, rows: batch.rows) }
    for index in outputIDs.indices {
      if let value = call.output(index) { pass.means[index + 1].add(value, rows: batch.rows) }
    }
  }

  private func gather(_ batch: Batch, _ prediction: Tensor) {
    if data.contains(.prediction) { pass.gathered[.prediction]?.append(prediction) }
    if data.contains(.target), let target = batch.target { pass.gathered[.target]?.append(target) }
    guard data.contains(.weight) else { return }
    if let weight = batch.weight {
      pass.gathered[.weight]?.append(weight)
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
    call()
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

  func saveState() -> StateTable {
    var table: StateTable = ["rows": .int(Int64(pass.rows)), "width": .int(Int64(pass.width))]
    let context = call.contextBytes
    if !context.isEmpty { table["context"] = .bytes(context) }
    if when == .batch {
      for (index, mean) in pass.means.enumerated() { mean.save("mean.\(index)", in: &table) }
    } else {
      for data in data { table[data.rawValue] = pass.gathered[data]?.saved }
    }
    return table
  }

  func loadState(_ state: StateTable) {
    clear()
    if case .int(let rows)? = state["rows"] { pass.rows = Int(clamping: max(0, rows)) }
    if case .int(let width)? = state["width"] { pass.width = Int(clamping: max(1, width)) }
    if case .bytes(let bytes)? = state["context"] { call.contextBytes = bytes }
    for index in pass.means.indices { pass.means[index] = RowMean("mean.\(index)", in: state) }
    for (data, rows) in pass.gathered { rows.restore(state[data.rawValue]) }
  }
}

extension ForeignArray {
  init(_ tensor: Tensor) { self.init(tensor.base, ForeignScalar(tensor.type), count: tensor.count) }
}

extension ForeignScalar {
  init(_ type: ElementType) {
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
