import CTrainyard
import PluginHost
import Support

/// A callback plugin in a small run: hooks are called in order, what they ask for is carried out on hyper-parameters
/// and file names, and written down.
final class CallbackRun {
  let services = RecordingServices()
  private let instance: CallbackInstance
  /// Hyper-parameters that a run begins with.
  private let parameters: [(name: String, value: Double)]
  /// Optimizer steps done.
  var step = 0

  init(
    _ id: String, _ options: [String: OptionValue] = [:],
    parameters: [(name: String, value: Double)] = [("learning_rate", 0.5), ("accumulate_grad_batches", 1)]
  ) throws {
    let library = try PluginLibrary.open(try builtLibrary(id))
    guard let component = library.components.first else { throw TestError("\(library.path) is empty") }
    self.parameters = parameters
    services.facts = ty_run_facts()
    instance = try CallbackInstance(component: component, name: id, options: options, services: services)
  }

  /// Reset, the state of the run that this one resumes, then `on_train_begin`.
  @discardableResult
  func begin(resuming state: SavedState? = nil, at step: Int = 0) throws -> [String] {
    services.parameters = parameters
    services.fileSizes = [:]
    self.step = step
    try instance.reset()
    if let state { try instance.loadState(state) }
    return try call(TY_HOOK_TRAIN_BEGIN, TestEvent())
  }

  @discardableResult
  func beginEpoch(_ epoch: Int) throws -> [String] { try call(TY_HOOK_EPOCH_BEGIN, TestEvent(epoch: epoch)) }

  @discardableResult
  func endEpoch(_ epoch: Int, _ metrics: [String: Double] = [:]) throws -> [String] {
    try call(TY_HOOK_EPOCH_END, TestEvent(epoch: epoch, metrics))
  }

  @discardableResult
  func beginBatch(_ batch: Int, epoch: Int = 0) throws -> [String] {
    try call(TY_HOOK_BATCH_BEGIN, event(batch, epoch))
  }

  /// Counts an optimizer step.
  @discardableResult
  func endBatch(_ batch: Int, epoch: Int = 0, _ metrics: [String: Double] = [:]) throws -> [String] {
    step += 1
    var event = event(batch, epoch)
    event.metrics = metrics
    return try call(TY_HOOK_OPTIMIZER_STEP, event) + call(TY_HOOK_BATCH_END, event)
  }

  @discardableResult
  func end(_ outcome: Int32 = TY_OUTCOME_FINISHED) throws -> [String] {
    var event = TestEvent()
    event.outcome = outcome
    return try call(TY_HOOK_TRAIN_END, event)
  }

  @discardableResult
  func raise(_ words: String = "an error") throws -> [String] {
    var event = TestEvent()
    event.text = words
    return try call(TY_HOOK_EXCEPTION, event)
  }

  func parameter(_ name: String) -> Double? { services.parameter(name) }
  var files: [String] { services.fileSizes.keys.sorted() }
  func state() throws -> SavedState { try instance.saveState() }

  private func event(_ batch: Int, _ epoch: Int) -> TestEvent {
    var event = TestEvent(epoch: epoch)
    event.batch = Int64(batch)
    return event
  }

  /// The effects of a hook; those of one that fails are dropped.
  private func call(_ hook: Int32, _ event: TestEvent) throws -> [String] {
    var event = event
    event.step = Int64(step)
    do { try instance.call(hook, event, services) } catch {
      _ = services.takeEffects()
      throw error
    }
    let effects = services.takeEffects()
    for effect in effects { carryOut(effect.split(separator: " ").map(String.init)) }
    return effects
  }

  private func carryOut(_ words: [String]) {
    guard words.count > 1 else { return }
    switch words[0] {
    case "set":
      services.parameters.removeAll { $0.name == words[1] }
      services.parameters.append((words[1], Double(words[2]) ?? .nan))
    case "save_weights", "start", "append": services.fileSizes[words[1]] = 1
    case "remove": services.fileSizes[words[1]] = nil
    default: break
    }
  }

  /// The words with which a callback refuses its options or its run; empty where it does not.
  static func refusal(
    _ id: String, _ options: [String: OptionValue],
    parameters: [(name: String, value: Double)] = [("learning_rate", 0.5)]
  ) -> String {
    do {
      try CallbackRun(id, options, parameters: parameters).begin()
      return ""
    } catch { return "\(error)" }
  }
}
