import CTrainyard
import PluginHost
import Training

/// A callback plugin as the loop sees it.
class CallbackAdapter: LoopCallback {
  private var instance: any CallbackCalls
  /// The same, where it is in this process: called in each batch, without asking what it is, and without counting its
  /// references, which costs several times the call. `instance` keeps it.
  private var local: Unmanaged<CallbackInstance>?
  /// The same, where it is in a helper.
  private var remote: RemoteCallback?
  /// By number of the hook, found when it is first called: see `neighbours`.
  private var knownNeighbours = [[RemoteCallback]?](repeating: nil, count: Hook.allCases.count)
  let context: InstanceContext
  private let bridge: EventBridge
  private let planned: PlannedInstance

  init(_ planned: PlannedInstance, run: RunContext, bridge: EventBridge) throws {
    let context = InstanceContext(
      run: run, effects: EffectQueue(), party: planned.party, name: planned.name)
    instance = try context.creating { try planned.makeCallback(context) }
    local = (instance as? CallbackInstance).map { Unmanaged.passUnretained($0) }
    remote = instance as? RemoteCallback
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
    remote = instance as? RemoteCallback
  }

  override func call(_ hook: Hook, _ event: EventFrame) throws {
    if let local {
      return try local._withUnsafeGuaranteedRef { try $0.call(hook.rawValue, bridge.pointer(event)) }
    }
    guard let remote, !hook.isToldApart else {
      return try instance.call(hook.rawValue, bridge.pointer(event))
    }
    try remote.call(hook.rawValue, bridge.pointer(event), before: neighbours(remote, hook))
  }

  override func followersChanged() {
    for number in knownNeighbours.indices { knownNeighbours[number] = nil }
  }

  /// Those in this process that come next, as far as nobody else is between them.
  override func chain(_ hook: Hook, with followers: ArraySlice<LoopCallback>) -> HookChain? {
    guard let first = chained else { return nil }
    var instances = [first]
    for follower in followers {
      guard let next = follower as? CallbackAdapter, next.bridge === bridge, let instance = next.chained
      else {
        break
      }
      instances.append(instance)
    }
    return AdapterChain(instances, hook, bridge)
  }

  /// What a chain calls; a subclass has a `call` of its own.
  private var chained: CallbackInstance? {
    type(of: self) == CallbackAdapter.self ? instance as? CallbackInstance : nil
  }

  /// Those of the same helper that are called next, with nobody in between.
  private func neighbours(_ remote: RemoteCallback, _ hook: Hook) -> [RemoteCallback] {
    if let known = knownNeighbours[hook.rawValue] { return known }
    var found: [RemoteCallback] = []
    var next = self.next
    while let callback = next {
      if callback.hooks.contains(hook) {
        guard let other = (callback as? CallbackAdapter)?.remote, other.sharesHelper(with: remote) else {
          break
        }
        found.append(other)
      }
      next = callback.next
    }
    knownNeighbours[hook.rawValue] = found
    return found
  }

  override var timeElsewhere: Int64 { remote?.timeElsewhere ?? 0 }

  override func saveState() throws -> StateTable { StateTable(try instance.saveState()) }
  override func loadState(_ state: StateTable) throws { try instance.loadState(state.saved) }
  override var randomState: [UInt64] {
    get { context.randomState }
    set { context.randomState = newValue }
  }
}

/// Callback plugins of this process that follow one another in a hook.
private final class AdapterChain: HookChain {
  private let chain: CallbackChain
  private let bridge: EventBridge

  init?(_ instances: [CallbackInstance], _ hook: Hook, _ bridge: EventBridge) {
    guard let chain = CallbackChain(instances, hook: hook.rawValue) else { return nil }
    self.chain = chain
    self.bridge = bridge
    super.init(count: chain.count)
  }

  override func tell(_ event: EventFrame, from next: inout Int) throws {
    try chain.call(bridge.pointer(event), from: &next)
  }
}

extension Hook {
  /// Told once a run, to those whose run has begun: a failure of one of them does not keep the others from being told.
  fileprivate var isToldApart: Bool { [.trainBegin, .trainEnd, .exception].contains(self) }
}
