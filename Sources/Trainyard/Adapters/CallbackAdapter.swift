import CTrainyard
import PluginHost
import Training

/// A callback plugin as the loop sees it.
final class CallbackAdapter: LoopCallback {
  private var instance: CallbackInstance
  private let context: InstanceContext
  private let bridge: EventBridge
  private let planned: PlannedInstance
  /// Told what happened to the instance: a line for the user.
  private let warn: (String) -> Void

  init(
    _ planned: PlannedInstance, run: RunContext, bridge: EventBridge, warn: @escaping (String) -> Void
  ) throws {
    let context = InstanceContext(
      run: run, effects: EffectQueue(), party: planned.party, name: planned.name)
    instance = try CallbackInstance(
      component: planned.component, name: planned.name, options: planned.options, services: context)
    context.isCreating = false
    self.context = context
    self.bridge = bridge
    self.planned = planned
    self.warn = warn
    let hooks = Hook.allCases.filter { planned.component.hooks.contains($0.name) }
    super.init(name: planned.name, hooks: Set(hooks), onError: planned.onError, effects: context.effects)
    context.callback = self
  }

  /// An instance that cannot be reset is not used again: it is destroyed and created anew.
  override func reset() throws {
    context.rewind()
    effects.removeAll()
    do {
      try instance.reset()
    } catch {
      try createAnew(after: error)
      try instance.reset()
    }
    effects.removeAll()
  }

  private func createAnew(after error: any Error) throws {
    instance.destroy()
    context.run.metrics.forget(planned.party)
    warn("\(planned.party) could not be reset and was created anew: \(error)")
    context.isCreating = true
    defer { context.isCreating = false }
    instance = try context.run.metrics.whileCreating {
      try CallbackInstance(
        component: planned.component, name: planned.name, options: planned.options, services: context)
    }
  }

  override func call(_ hook: Hook, _ event: EventFrame) throws {
    try instance.call(hook.rawValue, bridge.pointer(event))
  }

  override func saveState() throws -> StateTable { StateTable(try instance.saveState()) }
  override func loadState(_ state: StateTable) throws { try instance.loadState(state.saved) }
}
