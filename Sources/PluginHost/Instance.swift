import CTrainyard

/// One instance of a component: made with `create`, destroyed exactly once, and asked for nothing that its state
/// does not allow. One thread makes all calls; they never overlap.
public class Instance {
  /// The instance's name in the run.
  public let name: String
  public let component: ComponentDescription
  public let services: any HostServices
  public var state: InstanceState { InstanceState(rawValue: record.pointee.state) ?? .failed }

  let context: InstanceContext
  /// The plugin's own pointer, which may be NULL.
  @usableFromInline let instance: UnsafeMutableRawPointer?
  @usableFromInline let record: UnsafeMutablePointer<CallRecord>
  private let lifeCycle: LifeCycle

  /// What every kind's table has, and the kind.
  struct LifeCycle {
    var kind: PluginKind
    var create:
      (
        @convention(c) (
          UnsafePointer<ty_component>?, UnsafePointer<ty_host>?,
          UnsafeMutablePointer<UnsafeMutableRawPointer?>?
        ) -> ty_status
      )?
    var destroy: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
    var save: (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<ty_sink>?) -> ty_status)?
    var load: (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<ty_source>?) -> ty_status)?
  }

  /// Runs `create`. On failure nothing is left behind.
  init(
    _ lifeCycle: LifeCycle, component: ComponentDescription, name: String, options: [String: OptionValue],
    services: any HostServices
  ) throws {
    let context = InstanceContext(
      name: name, component: component, services: services,
      options: try OptionTable(component, try NamedLibraries.sealed(options, component.pins)))
    var pointer: UnsafeMutableRawPointer?
    context.call.pointee.call = PluginCall.create.rawValue
    let status = lifeCycle.create?(component.pointer, context.host, &pointer) ?? TY_FAILED
    if status != TY_OK || context.call.pointee.hasFault {
      let failure = context.failure(of: .create, status)
      // The plugin takes the instance for made, though it misused the host.
      if status == TY_OK { lifeCycle.destroy?(pointer) }
      throw failure
    }
    context.call.pointee.call = CallRecord.idle
    context.forgetWords()
    context.options = nil
    self.name = name
    self.component = component
    self.services = services
    self.context = context
    self.lifeCycle = lifeCycle
    instance = pointer
    record = context.call
  }

  deinit { destroy() }

  /// Ends the instance's life. Calling it again does nothing.
  public func destroy() {
    guard state != .destroyed else { return }
    record.pointee.state = InstanceState.destroyed.rawValue
    record.pointee.call = PluginCall.destroy.rawValue
    lifeCycle.destroy?(instance)
    record.pointee.call = CallRecord.idle
  }

  // MARK: - State for checkpoints

  /// Whether there is anything to save; an instance without state saves an empty one.
  public var savesState: Bool { lifeCycle.save != nil }

  public func saveState() throws -> SavedState {
    try require(.stateSave, InstanceState.whole)
    guard let save = lifeCycle.save else { return [:] }
    let sink = StateSink()
    try run(.stateSave) { sink.collect { save(instance, $0) } }
    if let fault = sink.fault { throw context.failure(of: .stateSave, fault) }
    return sink.state
  }

  /// Legal directly after a reset. Keys that the plugin does not know are its own business.
  public func loadState(_ saved: SavedState) throws {
    try require(.stateLoad, [.ready])
    guard let load = lifeCycle.load else { return }
    let source = StateSource(saved, in: context.memory)
    try run(.stateLoad, onFailure: .failed) { source.serve { load(instance, $0) } }
    if let fault = source.fault {
      record.pointee.state = InstanceState.failed.rawValue
      throw context.failure(of: .stateLoad, fault)
    }
  }

  // MARK: - Calls

  func require(_ call: PluginCall, _ states: [InstanceState]) throws {
    guard states.contains(state) else {
      throw HostError.outOfOrder(instance: name, call: call.name, state: state)
    }
  }

  /// Makes one call; throws the plugin's words unless it returns `TY_OK` and has used the host as it may.
  @inline(__always)
  func run(_ call: PluginCall, onFailure state: InstanceState? = nil, _ body: () -> ty_status) throws {
    begin(call)
    let status = body()
    record.pointee.call = CallRecord.idle
    if status != TY_OK || record.pointee.attention != 0 { try settle(call, status, onFailure: state) }
  }

  /// Makes one call that answers something else than a status.
  @inline(__always)
  func ask<R>(_ call: PluginCall, _ body: () -> R) throws -> R {
    begin(call)
    let answer = body()
    record.pointee.call = CallRecord.idle
    if record.pointee.attention != 0 { try settle(call, TY_OK, onFailure: nil) }
    return answer
  }

  @inline(__always)
  private func begin(_ call: PluginCall) { record.pointee.call = call.rawValue }

  /// What a call that has failed, or has used the host, comes to.
  func settle(_ call: PluginCall, _ status: ty_status, onFailure state: InstanceState?) throws {
    guard status != TY_OK || record.pointee.hasFault else { return context.forgetWords() }
    if let state { record.pointee.state = state.rawValue }
    throw context.failure(of: call, status)
  }

  /// A reset, legal in every state but `destroyed`; afterwards the instance is as new.
  func runReset(_ body: () -> ty_status) throws {
    try require(.reset, InstanceState.live)
    try run(.reset, onFailure: .failed, body)
    record.pointee.state = InstanceState.ready.rawValue
  }

  func enter(_ state: InstanceState) { record.pointee.state = state.rawValue }
}
