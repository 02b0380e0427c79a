import PluginHost
import Training

/// The helper processes of a worker, and what happened to them in the run.
final class Helpers {
  /// Folders that helpers may write to.
  var writable: [String] = []
  /// Told as it happens, on the run's thread: the text, and the instance.
  var tell: (String, String) -> Void = { _, _ in }

  private struct Shared {
    weak var group: HelperGroup?
  }
  /// Those that have a name in the config.
  private var shared: [String: Shared] = [:]
  /// All of them, by their numbers.
  private var groups: [Int: Shared] = [:]
  /// A dataset is read on a thread of its own.
  private let incidents = Guarded<[HelperIncident]>([])
  private var hasToldWeakness = false

  /// The helper of an instance: its own, or the one that its group has.
  func group(
    for planned: PlannedInstance, _ isolation: IsolationSettings
  ) throws(ProcessError) -> HelperGroup {
    try group(named: planned.name, kind: planned.component.kind, isolation)
  }

  /// - Parameter instance: Its name in the run.
  func group(
    named instance: String, kind: PluginKind, _ isolation: IsolationSettings
  ) throws(ProcessError) -> HelperGroup {
    if let name = isolation.group, let known = shared[name]?.group { return known }
    for folder in writable { try? PathName.makeFolders(folder) }
    let group = try HelperGroup(
      name: isolation.group ?? instance, isShared: isolation.group != nil, settings: isolation,
      writable: writable)
    let isOnRunThread = kind != .dataset
    group.onIncident = { [unowned self] incident in
      incidents.withLock { $0.append(incident) }
      if isOnRunThread, incident.policy == .restart, incident.kind != .model {
        tell("\(incident.account); it was brought back in a new helper", incident.instance)
      } else if isOnRunThread, incident.policy == .drop, incident.kind == .monitor {
        tell("\(incident.account); the run goes on without it", incident.instance)
      }
    }
    group.onWeakness = { [unowned self] text in
      guard isOnRunThread, !hasToldWeakness else { return }
      hasToldWeakness = true
      tell(text, instance)
    }
    if let name = isolation.group { shared[name] = Shared(group: group) }
    groups = groups.filter { $0.value.group != nil }
    groups[group.number] = Shared(group: group)
    return group
  }

  /// Where a monitor lives that an isolated plugin has added.
  func group(of adder: MonitorAdder) throws -> HelperGroup {
    guard let group = groups[adder.group]?.group else {
      throw LoopError("the plugin that has added it is gone, and its helper with it")
    }
    return group
  }

  /// What happened since it was last asked.
  func takeIncidents() -> [HelperIncident] {
    incidents.withLock { list in
      defer { list = [] }
      return list
    }
  }
}

extension HelperIncident {
  /// "callback 'x', in on_epoch_end: its helper process crashed: signal 11 (SIGSEGV)".
  public var account: String { "\(kind.name) '\(instance)', in \(call): its helper process \(what)" }
}
