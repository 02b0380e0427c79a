import CTrainyard
import PluginHost
import Training

/// A callback plugin as the loop sees it.
class CallbackAdapter: LoopCallback {
  private var instance: any CallbackCalls
  /// The same, where it is in this process: called in each batch, without asking what it is, and without counting its
  /// references, which costs several times the call. `instance` keeps it.
  private var local: Unmanaged<CallbackInstance>?
  let context: InstanceContext
  private let bridge: EventBridge
  private let planned: PlannedInstance

  init(_ planned: PlannedInstance, run: RunContext, bridge: EventBridge) throws {
    let context = InstanceContext(
      run: run, effects: EffectQueue(), party: planned.party, name: planned.name)
    instance = try context.creating { try planned.makeCallback(context) }
    local = (instance as? CallbackInstance).map { Unmanaged.passUnretained($0) }
    self.context = context
    self.bridge = bridge
    self.planned = planned
    let hooks = Hook.allCases.filter { planned.component.hooks.contains($0.name) }
    super.init(name: planned.name, hooks: Set(hooks), onError: planned.onError, effects: context.effects)
    context.callback = self
  }

  /// An instance that cannot be reset is not used again: it is destroyed and created anew.
  override func reset() throws {
    do {
      try resetInstance()
    } catch let failure as HelperFailure where failure.incident.policy == .drop {
      // It is gone for this run; the next reset brings it back.
    } catch {
      try createAnew()
      try resetInstance()
      effects.append(
        .log(level: .warning, text: "\(planned.party) could not be reset and was created anew: \(error)"))
    }
  }

  private func resetInstance() throws {
    // A reset may draw from it; and so may one that failed, and `create`.
    context.rewind()
    defer { effects.removeAll() }
    try instance.reset()
  }

  private func createAnew() throws {
    local = nil
    instance.destroy()
    context.run.metrics.forget(planned.party)
    instance = try context.creating { try planned.makeCallback(context) }
    local = (instance as? CallbackInstance).map { Unmanaged.passUnretained($0) }
  }

  override func call(_ hook: Hook, _ event: EventFrame) throws {
    if let local {
      return try local._withUnsafeGuaranteedRef { try $0.call(hook.rawValue, bridge.pointer(event)) }
    }
    try instance.call(hook.rawValue, bridge.pointer(event))
  }

  override func saveState() throws -> StateTable { StateTable(try instance.saveState()) }
  override func loadState(_ state: StateTable) throws { try instance.loadState(state.saved) }
  override var randomState: [UInt64] {
    get { context.randomState }
    set { context.randomState = newValue }
  }
}
