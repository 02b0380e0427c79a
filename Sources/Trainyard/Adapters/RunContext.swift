import CTrainyard
import Glibc
import Training

/// What the instances of one worker share: the numbering of metrics, the facts of the run, the model, the folder.
/// Adapters read it when an instance asks its host.
final class RunContext {
  let metrics = MetricTable()
  /// The model, once there is one; views of its weights are only given while a run lasts.
  weak var model: (any HostedModel)?
  /// What instances are told the time by.
  var clock = RunClock.system
  /// Where plugins' files go; `nil` between runs.
  var folder: RunFolder?
  /// Set at each run: every random stream starts from it.
  var seed: UInt64 = 0

  private let facts: UnsafeMutablePointer<ty_run_facts>
  private var isRunning = false
  private var names: [UnsafeMutablePointer<CChar>] = []
  private var texts: [UnsafeMutablePointer<CChar>] = []

  init() {
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
  }

  func endRun() {
    isRunning = false
    folder?.closeFiles()
    folder = nil
  }
}
