import PluginHost
import Training

/// The plugin instances of one worker, by their settings: a fit that asks for settings that an earlier one had is given
/// the same instance. What was not used for longest goes when room is wanted.
///
/// Belongs to the worker's thread, as all instances do.
final class InstancePool {
  /// Instances of one name, each with settings of its own, that are kept beside the one in use.
  static let mostOfOneName = 4
  /// Datasets, and models, that are kept: these are what memory goes to.
  static let mostOfLargeKinds = 2

  let context: RunContext
  let bridge: EventBridge
  private var entries: [Key: Entry] = [:]
  private var fit = 0

  init(_ context: RunContext, _ bridge: EventBridge) {
    self.context = context
    self.bridge = bridge
  }

  /// All that makes an instance what it is.
  private struct Key: Hashable {
    var library: String
    var component: String
    var kind: PluginKind
    var name: String
    /// Monitors have an instance for each pass.
    var pass: Pass?
    var options: [String: PluginHost.OptionValue]
    var drops: Bool
    var isolation: IsolationSettings?
    var adder: MonitorAdder?
  }

  private struct Entry {
    var instance: any PooledInstance
    /// The number of the fit that used it last.
    var used: Int
  }

  /// What is asked for from here on belongs to another fit.
  func beginFit() { fit += 1 }

  func dataset(_ planned: PlannedInstance) throws -> DatasetAdapter {
    try instance(planned) { try DatasetAdapter(planned, run: context) }
  }

  func model(_ planned: PlannedInstance) throws -> ModelAdapter {
    try instance(planned) { try ModelAdapter(planned, run: context) }
  }

  func callback(_ planned: PlannedInstance) throws -> CallbackAdapter {
    try instance(planned) { try CallbackAdapter(planned, run: context, bridge: bridge) }
  }

  func monitor(_ planned: PlannedInstance, pass: Pass) throws -> MonitorAdapter {
    try instance(planned, pass: pass) { try MonitorAdapter(planned, run: context, pass: pass) }
  }

  /// An instance that cannot be trusted any more.
  func remove(_ instance: any PooledInstance) {
    entries = entries.filter { $0.value.instance !== instance }
  }

  private func instance<Instance: PooledInstance>(
    _ planned: PlannedInstance, pass: Pass? = nil, _ make: () throws -> Instance
  ) throws -> Instance {
    let key = Key(
      library: planned.component.libraryPath, component: planned.component.id, kind: planned.component.kind,
      name: planned.name, pass: pass, options: planned.options, drops: planned.onError == .drop,
      isolation: planned.isolation, adder: planned.adder)
    if let known = entries[key]?.instance as? Instance {
      do { try known.context.include() } catch {
        throw failure(error, part: planned.party, call: "monitor_add")
      }
      entries[key]?.used = fit
      return known
    }
    makeRoom(for: key)
    let new = try make()
    entries[key] = Entry(instance: new, used: fit)
    return new
  }

  /// Lets go of the oldest of the kind, before there is a new one. None that this fit uses.
  private func makeRoom(for new: Key) {
    let isLarge = new.kind == .dataset || new.kind == .model
    let rivals = entries.filter {
      $0.key.kind == new.kind && (isLarge || $0.key.name == new.name && $0.key.pass == new.pass)
    }
    let excess = rivals.count + 1 - (isLarge ? Self.mostOfLargeKinds : Self.mostOfOneName)
    guard excess > 0 else { return }
    let idle = rivals.filter { $0.value.used < fit }.sorted { $0.value.used < $1.value.used }
    for entry in idle.prefix(excess) { entries[entry.key] = nil }
  }
}

/// An adapter whose instance can serve one fit after the other.
protocol PooledInstance: AnyObject {
  var context: InstanceContext { get }
}

extension DatasetAdapter: PooledInstance {}
extension ModelAdapter: PooledInstance {}
extension CallbackAdapter: PooledInstance {}
extension MonitorAdapter: PooledInstance {}
