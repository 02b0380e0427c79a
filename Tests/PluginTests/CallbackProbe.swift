import CTrainyard
import PluginHost
import Support

/// An instance of a callback plugin, driven hook by hook with a host that writes down what it asks for.
final class CallbackProbe {
  let services: RecordingServices
  let instance: CallbackInstance

  /// - Parameters:
  ///   - id: Of the plugin, whose library lies beside the tests.
  ///   - epochs: Planned for each run.
  init(
    _ id: String, _ options: [String: OptionValue] = [:], epochs: Int64 = 10,
    services: RecordingServices = RecordingServices()
  ) throws {
    let library = try PluginLibrary.open(try builtLibrary(id))
    guard let component = library.components.first, component.id == id, library.components.count == 1 else {
      throw TestError("lib\(id).so has \(library.components.map(\.id))")
    }
    var facts = ty_run_facts()
    facts.epochs = epochs
    services.facts = facts
    self.services = services
    instance = try CallbackInstance(component: component, name: id, options: options, services: services)
  }

  /// Calls a hook and gives its effects; those of a call that fails are dropped.
  @discardableResult
  func call(_ hook: Int32, _ event: TestEvent = TestEvent()) throws -> [String] {
    _ = services.takeEffects()
    do { try instance.call(hook, event, services) } catch {
      _ = services.takeEffects()
      throw error
    }
    return services.takeEffects()
  }

  /// `reset` and `on_train_begin`.
  @discardableResult
  func begin() throws -> [String] {
    try instance.reset()
    return try call(TY_HOOK_TRAIN_BEGIN)
  }

  @discardableResult
  func end(_ outcome: Int32 = TY_OUTCOME_FINISHED) throws -> [String] {
    var event = TestEvent()
    event.outcome = outcome
    return try call(TY_HOOK_TRAIN_END, event)
  }

  @discardableResult
  func beginEpoch(_ epoch: Int) throws -> [String] {
    try call(TY_HOOK_EPOCH_BEGIN, TestEvent(epoch: epoch))
  }

  @discardableResult
  func endEpoch(_ epoch: Int, _ metrics: [String: Double] = [:]) throws -> [String] {
    try call(TY_HOOK_EPOCH_END, TestEvent(epoch: epoch, metrics))
  }
}

/// The words with which a callback refuses its options; empty where it does not.
func refusal(of id: String, options: [String: OptionValue]) -> String {
  do {
    _ = try CallbackProbe(id, options)
    return ""
  } catch { return "\(error)" }
}
