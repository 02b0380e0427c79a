import Training

/// An expression over metrics as the loop sees it: asked at the end of each epoch, after all monitors that it reads.
final class ExpressionMonitor: LoopMonitor {
  let name: String
  let isSample = true
  let effects = EffectQueue()
  private let planned: PlannedExpression
  private let metrics: MetricTable
  private let id: Int
  private let inputs: [Int]
  private weak var run: (any RunView)?
  private var evaluator: ExpressionEvaluator

  init(_ planned: PlannedExpression, run: RunContext) {
    name = planned.name
    self.planned = planned
    metrics = run.metrics
    evaluator = ExpressionEvaluator(planned.expression)
    let party = "monitor '\(planned.name)'"
    id = metrics.declare(planned.name, planned.direction, .epoch, by: party)
    inputs = planned.expression.names.enumerated().map { index, name in
      let place = index < planned.places.count ? " (\(planned.places[index]))" : ""
      return run.metrics.want(name.name, optional: false, by: party + place)
    }
  }

  func reset() {
    evaluator.reset()
    effects.removeAll()
  }

  func prepare(_ task: LearningTask) {}

  /// Directions are asked for in each run: another model may bring others.
  func begin(_ run: any RunView) throws {
    self.run = run
    for name in planned.expression.namesNeedingDirection {
      guard let index = planned.expression.names.firstIndex(of: name) else { continue }
      switch metrics.declaration(of: inputs[index])?.direction ?? .none {
      case .min: evaluator.rises[index] = false
      case .max: evaluator.rises[index] = true
      case .none:
        throw ExpressionError(
          "best(\(name.name)) cannot tell whether '\(name.name)' should rise or fall", at: name.offset,
          help: "write best(\(name.name), min) or best(\(name.name), max)")
      }
    }
  }

  func passBegin(_ pass: Pass) {}
  func update(_ batch: Batch, prediction: Tensor) {}

  func compute() {
    guard let logs = run?.epochLogs else { return }
    if let value = evaluator.evaluate({ logs[inputs[$0]] }) {
      effects.append(.publish(metric: id, value: value))
    }
  }

  // MARK: State

  func saveState() -> StateTable {
    var table: StateTable = [:]
    for (slot, value) in evaluator.memory.enumerated() {
      if let value { table["memory.\(slot)"] = .float(value) }
    }
    return table
  }

  func loadState(_ state: StateTable) {
    evaluator.restore(
      evaluator.memory.indices.map { slot in
        if case .float(let value)? = state["memory.\(slot)"] { value } else { nil }
      })
  }
}

extension ExpressionError: FailureWords {
  public var failureWords: (message: String, help: String?) { (message, help.isEmpty ? nil : help) }
}
