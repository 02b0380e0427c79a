import CTrainyard

/// An instance of a monitor, for one pass.
public final class MonitorInstance: Instance {
  private let table: ty_monitor

  public init(
    component: ComponentDescription, name: String, options: [String: OptionValue], services: any HostServices
  ) throws {
    guard case .monitor(let table)? = component.table else {
      throw HostError.otherKind(component: component.id, found: component.kind, expected: .monitor)
    }
    self.table = table
    try super.init(
      LifeCycle(
        kind: .monitor, create: table.create, destroy: table.destroy, save: table.state_save,
        load: table.state_load),
      component: component, name: name, options: options, services: services)
  }

  public func reset() throws { try runReset { table.reset?(instance) ?? TY_FAILED } }

  /// Once a run, after the reset. A monitor that cannot serve the task fails here.
  public func prepare(_ task: UnsafePointer<ty_task>) throws {
    try require(.prepare, [.ready])
    guard let function = table.prepare else { return }
    try run(.prepare, onFailure: .failed) { function(instance, task) }
  }

  /// Clears what has been accumulated. `pass` is `TY_PASS_…`.
  public func passBegin(_ pass: UInt32) throws {
    try require(.passBegin, [.ready, .running])
    if let function = table.pass_begin {
      try run(.passBegin, onFailure: .failed) { function(instance, pass) }
    }
    enter(.running)
  }

  /// Adds a batch. A monitor that measures the process is not given any.
  public func update(_ batch: UnsafePointer<ty_batch>, _ prediction: UnsafePointer<ty_tensor>) throws {
    if state != .running { try require(.update, [.ready, .running]) }
    guard let function = table.update, !component.isSample else { return }
    try run(.update, onFailure: .failed) { function(instance, batch, prediction) }
    enter(.running)
  }

  /// Publishes the values of the pass through the services.
  public func compute() throws {
    try require(.compute, [.ready, .running])
    try run(.compute, onFailure: .failed) { table.compute?(instance) ?? TY_FAILED }
  }

  public var canMerge: Bool { table.merge != nil }

  /// Adds what `other`, of the same component and options, has accumulated.
  public func merge(_ other: MonitorInstance) throws {
    try require(.merge, [.ready, .running])
    try other.require(.merge, [.ready, .running])
    guard other.component === component, other !== self else {
      throw HostError.wrongArgument(
        instance: name, call: "merge", reason: "the other must be another instance of '\(component.id)'")
    }
    guard let function = table.merge else {
      throw context.failure(of: .merge, "this monitor cannot merge", TY_UNSUPPORTED)
    }
    try run(.merge, onFailure: .failed) { function(instance, other.instance) }
    enter(.running)
  }
}
