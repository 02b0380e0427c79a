import CTrainyard
import Glibc
import Training

/// What the instances of one worker share: the numbering of metrics, the facts of the run, the model, the folder.
/// Adapters read it when an instance asks its host.
final class RunContext {
  let metrics = MetricTable()
  /// The processes of plugins that do not run in this one.
  let helpers = Helpers()
  /// The model, once there is one; views of its weights are only given while a run lasts.
  weak var model: (any HostedModel)?
  /// What instances are told the time by.
  var clock = RunClock.system
  /// Where plugins' files go; `nil` between runs.
  var folder: RunFolder?
  /// Set at each run: every random stream starts from it.
  var seed: UInt64 = 0

  /// Monitors that callbacks have asked for and that are not made yet.
  private var requestedMonitors: [PlannedInstance] = []
  /// Names of monitors that last, and of those of the run.
  private var lastingMonitors: [String: String] = [:]
  private var monitorsOfRun: [String: String] = [:]

  private let facts: UnsafeMutablePointer<ty_run_facts>
  private var isRunning = false
  private var names: [UnsafeMutablePointer<CChar>] = []
  private var texts: [UnsafeMutablePointer<CChar>] = []

  init() {
    metrics.nearest = { NearestName.of($0, among: $1) }
    facts = .allocate(capacity: 1)
    facts.initialize(to: ty_run_facts())
  }

  deinit {
    facts.deallocate()
    for text in names + texts { free(text) }
  }

  /// A metric's name for a plugin; lives as long as the context.
  func metricName(_ id: UInt32) -> UnsafePointer<CChar>? {
    guard id < metrics.count else { return nil }
    while names.count <= id { names.append(strdup(metrics.names[names.count])) }
    return UnsafePointer(names[Int(id)])
  }

  var runFacts: UnsafePointer<ty_run_facts>? { isRunning ? UnsafePointer(facts) : nil }

  func beginRun(_ new: ty_run_facts, folder: RunFolder?, modelID: String) {
    for text in texts { free(text) }
    texts = [strdup(folder?.path ?? ""), strdup(modelID)]
    self.folder = folder
    seed = new.seed
    facts.pointee = new
    facts.pointee.struct_size = UInt32(MemoryLayout<ty_run_facts>.size)
    facts.pointee.folder = UnsafePointer(texts[0])
    facts.pointee.model = UnsafePointer(texts[1])
    isRunning = true
    monitorsOfRun = [:]
    requestedMonitors = []
  }

  // MARK: Monitors that plugins add

  /// Adds a monitor for every run, or, unless `lasts`, for this one. A plugin that is created anew asks again for what
  /// it has: that changes nothing.
  func request(_ monitor: PlannedInstance, by party: String, lasts: Bool) throws {
    if lasts, lastingMonitors[monitor.name] == party { return }
    if let owner = lastingMonitors[monitor.name] ?? monitorsOfRun[monitor.name] {
      throw LoopError("\(owner) has added a monitor of the name '\(monitor.name)'")
    }
    if lasts { lastingMonitors[monitor.name] = party } else { monitorsOfRun[monitor.name] = party }
    requestedMonitors.append(monitor)
  }

  /// Other instances will run, of a plan that has given these names to monitors of its own.
  func beginParts(reserving names: [String]) {
    metrics.forgetInstances()
    requestedMonitors = []
    lastingMonitors = [:]
    for name in names { lastingMonitors[name] = "the pipeline" }
  }

  func takeRequestedMonitors() -> [PlannedInstance] {
    defer { requestedMonitors = [] }
    return requestedMonitors
  }

  func endRun() {
    isRunning = false
    folder?.closeFiles()
    folder = nil
  }
}
