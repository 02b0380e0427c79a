import CTrainyard

/// An instance of a callback.
public final class CallbackInstance: Instance {
  /// By TY_HOOK_…
  @usableFromInline let hooks: UnsafeMutablePointer<ty_hook?>
  private let table: ty_callback

  public init(
    component: ComponentDescription, name: String, options: [String: OptionValue], services: any HostServices
  ) throws {
    guard case .callback(let table)? = component.table else {
      throw HostError.otherKind(component: component.id, found: component.kind, expected: .callback)
    }
    self.table = table
    let hooks = UnsafeMutablePointer<ty_hook?>.allocate(capacity: Int(TY_HOOK_COUNT))
    self.hooks = hooks
    for (hook, function) in hookFunctions(table).enumerated() { (hooks + hook).initialize(to: function) }
    do {
      try super.init(
        LifeCycle(
          kind: .callback, create: table.create, destroy: table.destroy, save: table.state_save,
          load: table.state_load),
        component: component, name: name, options: options, services: services)
    } catch {
      hooks.deallocate()
      throw error
    }
  }

  deinit {
    // The plugin goes before its table.
    destroy()
    hooks.deallocate()
  }

  public func reset() throws { try runReset { table.reset?(instance) ?? TY_FAILED } }

  /// Whether the callback has this hook (`TY_HOOK_…`); if not, its event need not be built.
  @inlinable
  public func has(hook: Int) -> Bool { hook >= 0 && hook < Int(TY_HOOK_COUNT) && hooks[hook] != nil }

  /// Calls a hook (`TY_HOOK_…`); one that the callback does not have succeeds.
  ///
  /// Begin and end of training may be left out where the callback lacks the hook. After a failure only
  /// `TY_HOOK_EXCEPTION` and `TY_HOOK_TRAIN_END` are legal, until the next reset.
  @inlinable @inline(__always)
  public func call(_ hook: Int, _ event: UnsafePointer<ty_event>) throws {
    let record = self.record
    guard hook > Int(TY_HOOK_TRAIN_END), hook < Int(TY_HOOK_EXCEPTION),
      record.pointee.state == CallRecord.running
    else { return try callAtBorder(hook, event) }
    guard let function = hooks[hook] else { return }
    record.pointee.call = UInt8(truncatingIfNeeded: hook)
    let status = function(instance, event)
    record.pointee.call = CallRecord.idle
    if status != TY_OK || record.pointee.attention != 0 { try settle(hook, status) }
  }

  @usableFromInline
  func settle(_ hook: Int, _ status: ty_status) throws {
    try settle(PluginCall(hook: hook), status, onFailure: .failedInRun)
  }

  /// The hooks that move the instance from state to state, and everything out of order.
  @usableFromInline
  func callAtBorder(_ hook: Int, _ event: UnsafePointer<ty_event>) throws {
    guard hook >= 0, hook < Int(TY_HOOK_COUNT) else {
      throw HostError.wrongArgument(instance: name, call: "call", reason: "there is no hook \(hook)")
    }
    let call = PluginCall(hook: hook)
    if state == .ready, call != .onTrainBegin, !has(hook: Int(TY_HOOK_TRAIN_BEGIN)) { enter(.running) }
    switch call {
    case .onTrainBegin:
      try require(call, [.ready])
      try invoke(hook, event, onFailure: .failed)
      enter(.running)
    case .onTrainEnd:
      try require(call, [.running, .failedInRun])
      try invoke(hook, event, onFailure: .failed)
      enter(.ended)
    case .onException:
      try require(call, [.running, .failedInRun])
      try invoke(hook, event, onFailure: .failedInRun)
    default:
      try require(call, [.running])
      try invoke(hook, event, onFailure: .failedInRun)
    }
  }

  private func invoke(_ hook: Int, _ event: UnsafePointer<ty_event>, onFailure state: InstanceState) throws {
    guard let function = hooks[hook] else { return }
    try run(PluginCall(hook: hook), onFailure: state) { function(instance, event) }
  }
}
