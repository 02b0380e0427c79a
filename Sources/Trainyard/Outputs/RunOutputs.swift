import Training

/// Where the effects of a run go: its folder, its recording, the console.
final class RunOutputs: RunTarget {
  let folder: RunFolder?
  private let console: any Console
  private let metricsFile: MetricsFile?
  private let recorder: EventRecorder?
  private let metadata: [(String, String)]
  /// Lines that were said, for the summary.
  private(set) var warnings: [String] = []
  /// Called once, when the first epoch begins.
  var trainingBegins: (() -> Void)?
  /// A failed write of the recording: the run ends with it at the next epoch's end.
  private var recordingError: (any Error)?
  /// `nil`: none are taken.
  var checkpoints: RunCheckpoints? {
    didSet { checkpoints?.outputState = { [unowned self] in state } }
  }

  init(
    folder: RunFolder?, console: any Console, metrics: MetricTable, recordsBatches: Bool,
    metadata: [(String, String)]
  ) {
    self.folder = folder
    self.console = console
    self.metadata = metadata
    metricsFile = folder.map { MetricsFile(folder: $0, metrics: metrics) }
    recorder = folder.map { EventRecorder(folder: $0, metrics: metrics, recordsBatches: recordsBatches) }
  }

  private var state: OutputState {
    OutputState(
      columns: metricsFile?.columns ?? [], warnings: warnings, recordedSeconds: recorder?.seconds ?? 0)
  }

  /// - Parameter point: Goes on behind what the files hold already.
  func begin(
    from point: ResumePoint? = nil, _ facts: [(String, JSONValue)],
    parameters: @escaping () -> [(String, Double)]
  ) throws {
    recorder?.parameters = parameters
    try begin(from: point, facts)
  }

  private func begin(from point: ResumePoint?, _ facts: [(String, JSONValue)]) throws {
    guard let state = point?.contents.outputs else {
      try recorder?.begin(facts)
      return
    }
    recorder?.seconds = state.recordedSeconds
    metricsFile?.columns = state.columns
    warnings = state.warnings
  }

  /// The run goes back, and its files have been put back.
  /// - Parameter warnings: Of the run when it began.
  func goBack(to point: ResumePoint?, _ facts: [(String, JSONValue)], warnings: [String]) throws {
    recordingError = nil
    self.warnings = warnings
    metricsFile?.columns = []
    recorder?.seconds = 0
    try begin(from: point, facts)
  }

  /// Takes checkpoints of the run from here on, where it has a folder for them.
  func takeCheckpoints(
    _ policy: CheckpointPolicy?, _ identity: CheckpointContents, baseFolder: String, from point: ResumePoint?,
    held: RunLock? = nil, _ clock: RunClock
  ) throws {
    guard let policy, let folder else { return }
    checkpoints = try RunCheckpoints(
      folder, policy: policy, identity: identity, baseFolder: baseFolder, from: point, held: held,
      clock: clock.monotonic
    ) { [unowned self] level, text in log(level, text, from: "the checkpoints") }
  }

  func log(_ level: LogLevel, _ text: String, from part: String) {
    if level == .warning { warnings.append(text) }
    console.line(level, text)
  }

  /// A warning that was said earlier.
  func keep(_ warning: String) { warnings.append(warning) }

  func status(_ text: String, from part: String) { console.status(text) }

  // MARK: Files

  func startFile(_ path: String) throws { try plugins(path).start(path) }
  func appendFile(_ path: String, _ bytes: [UInt8]) throws { try plugins(path).append(path, bytes) }
  func removeFile(_ path: String) throws { try plugins(path).remove(path) }

  func saveWeights(_ weights: [NamedTensor], to path: String) throws {
    try SafeTensors.write(weights, metadata: metadata, to: try plugins(path).place(path))
  }

  // MARK: Checkpoints

  func isCheckpointDue(at position: RunPosition, step: Int) -> Bool {
    checkpoints?.isDue(at: position, step: step) ?? false
  }

  func checkpoint(_ trainer: Trainer, because reason: CheckpointReason) throws {
    // A recording with a hole in it must not become the one that a run goes on with.
    if let recordingError {
      if reason == .interrupted { throw recordingError }
      return
    }
    try checkpoints?.take(trainer, because: reason)
  }

  /// The folder, for a file that is a plugin's.
  private func plugins(_ path: String) throws -> RunFolder {
    let folder = try existing()
    try folder.requirePluginsFile(path)
    return folder
  }

  private func existing() throws -> RunFolder {
    guard let folder else { throw LoopError("this run has no folder, so plugins cannot write files") }
    return folder
  }

  // MARK: Recording

  func records(_ hook: Hook) -> Bool { recorder?.records(hook) ?? false }

  func record(_ event: EventFrame) {
    if event.hook == .epochBegin, let begins = trainingBegins {
      trainingBegins = nil
      begins()
    }
    do { try recorder?.record(event) } catch { recordingError = recordingError ?? error }
  }

  func record(_ effects: [Effect], by callback: String, in hook: Hook) {
    do { try recorder?.record(effects, by: callback, in: hook) } catch {
      recordingError = recordingError ?? error
    }
  }

  func epochEnded(_ epoch: Epoch) throws {
    if let recordingError { throw recordingError }
    try metricsFile?.append(epoch)
  }
}
