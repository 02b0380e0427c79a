import Training

/// A closure of an embedding program as the loop sees it: one instance for one pass.
final class MeasureMonitor: LoopMonitor {
  let name: String
  let isSample = false
  let effects = EffectQueue()
  private let id: Int
  private var measure: any PassMeasure

  init(_ closure: ClosureMonitor, run: RunContext, pass: Pass) {
    name = closure.name
    measure = closure.makeMeasure()
    let prefix = pass == .validation ? "val_" : ""
    id = run.metrics.declare(
      prefix + closure.name, closure.direction, .epoch, by: "monitor '\(closure.name)'")
  }

  func reset() {
    measure.begin()
    effects.removeAll()
  }

  func prepare(_ task: LearningTask) {}
  func passBegin(_ pass: Pass) { measure.begin() }
  func update(_ batch: Batch, prediction: Tensor) throws { try measure.update(batch, prediction) }

  func compute() throws {
    if let value = try measure.compute() { effects.append(.publish(metric: id, value: value)) }
  }

  func saveState() -> StateTable { measure.state }
  func loadState(_ state: StateTable) { measure.state = state }
  var resumesWithinPass: Bool { measure.hasWholeState }
}
