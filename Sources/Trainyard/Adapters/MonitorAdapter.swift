import CTrainyard
import PluginHost
import Training

/// A monitor plugin as the loop sees it: one instance for one pass.
final class MonitorAdapter: LoopMonitor {
  let name: String
  let isSample: Bool
  let effects = EffectQueue()
  private let instance: any MonitorCalls
  /// Its helper died, and the run goes on without it.
  private var isDropped = false
  let context: InstanceContext
  private let batch = CBatch()
  private let prediction = CTensor()
  private let predictionPointer = UnsafeMutablePointer<ty_tensor>.allocate(capacity: 1)
  private var task: CTask?

  init(_ planned: PlannedInstance, run: RunContext, pass: Pass) throws {
    name = planned.name
    isSample = planned.component.isSample
    context = InstanceContext(
      run: run, effects: effects, party: planned.party, name: planned.name,
      metricPrefix: pass == .validation ? "val_" : "")
    instance = try context.creating { [context] in try planned.makeMonitor(context) }
    predictionPointer.initialize(to: ty_tensor())
  }

  deinit { predictionPointer.deallocate() }

  func reset() throws {
    context.rewind()
    effects.removeAll()
    isDropped = false
    try unlessDropped { try instance.reset() }
  }

  /// One that may be dropped is silent from then on, and so are its metrics.
  private func unlessDropped(_ body: () throws -> Void) throws {
    guard !isDropped else { return }
    do { try body() } catch let failure as HelperFailure where failure.incident.policy == .drop {
      isDropped = true
    }
  }

  func prepare(_ task: LearningTask) throws {
    let new = CTask(task)
    try unlessDropped { try instance.prepare(UnsafePointer(new.pointer)) }
    self.task = new
  }

  func passBegin(_ pass: Pass) throws {
    try unlessDropped { try instance.passBegin(UInt32(pass.rawValue)) }
  }

  func update(_ batch: Batch, prediction: Tensor) throws {
    guard !isDropped else { return }
    predictionPointer.pointee = self.prediction.describe(prediction)
    try unlessDropped { try instance.update(self.batch.describe(batch), UnsafePointer(predictionPointer)) }
  }

  func compute() throws {
    do { try unlessDropped { try instance.compute() } } catch {
      effects.removeAll()
      throw error
    }
  }

  func saveState() throws -> StateTable { StateTable(try instance.saveState()) }
  func loadState(_ state: StateTable) throws { try instance.loadState(state.saved) }
  /// A monitor that saves nothing may well have counted something.
  var resumesWithinPass: Bool { isSample || instance.savesState }
  var randomState: [UInt64] {
    get { context.randomState }
    set { context.randomState = newValue }
  }
}
