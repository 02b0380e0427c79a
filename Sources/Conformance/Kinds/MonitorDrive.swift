import CConformance
import CTrainyard
import PluginHost

/// A monitor that is led through passes by hand, and what it publishes.
final class MonitorDrive {
  let monitor: MonitorInstance
  let host: ScriptedHost
  private let context: RuleContext
  private let memory: any EventMemory
  /// Told how often each update allocated; `nil`: not counted.
  var counting: ((String, UInt64) -> Void)?

  init(_ context: RuleContext, memory: any EventMemory = HeapMemory()) throws {
    self.context = context
    self.memory = memory
    host = context.host()
    host.memory = memory
    monitor = try context.monitor(host)
  }

  private var lending: Lending { Lending(memory: memory) }

  private func calling<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    host.callBegins()
    memory.callBegins()
    defer { memory.callEnded() }
    return try context.calling(name, body)
  }

  // MARK: Life cycle

  /// As the host resets before a run.
  func reset() throws {
    host.prepareRun()
    try calling("reset") { try monitor.reset() }
  }

  /// A run over these rows begins. Throws the monitor's words where it does not serve the task.
  func prepare(_ rows: SampleRows) throws {
    let task = rows.task(lending)
    try calling("prepare") { try monitor.prepare(task) }
  }

  func passBegin(_ pass: Int32 = TY_PASS_TRAIN) throws {
    try calling("pass_begin") { try monitor.passBegin(UInt32(pass)) }
  }

  /// Everything as new, at the beginning of a pass over these rows.
  func begin(_ rows: SampleRows) throws {
    try reset()
    try prepare(rows)
    try passBegin()
  }

  func state() throws -> SavedState { try calling("state_save") { try monitor.saveState() } }
  func load(_ state: SavedState) throws { try calling("state_load") { try monitor.loadState(state) } }
  func destroy() { try? calling("destroy") { monitor.destroy() } }

  // MARK: A pass

  func update(_ rows: SampleRows, _ batch: [Int]) throws {
    let given = rows.batch(batch, pass: TY_PASS_TRAIN, lending)
    let prediction = rows.predictions(batch, lending)
    try calling("update") {
      if counting != nil { cf_count_allocations() }
      try monitor.update(given, prediction)
      counting?("update", cf_allocations())
    }
  }

  func update(_ rows: SampleRows, batches: [[Int]]) throws {
    for batch in batches { try update(rows, batch) }
  }

  func merge(_ other: MonitorDrive) throws { try calling("merge") { try monitor.merge(other.monitor) } }

  /// What it publishes.
  func compute() throws -> Observations {
    try calling("compute") { try monitor.compute() }
    defer { host.applyEffects() }
    return Observations(
      list: host.published.sorted { $0.name < $1.name }.map { Observation("'\($0.name)'", $0.values) })
  }

  /// A whole pass, from the reset on.
  func measure(_ rows: SampleRows, batches: [[Int]]? = nil) throws -> Observations {
    try begin(rows)
    try update(rows, batches: batches ?? [rows.all])
    return try compute()
  }
}
