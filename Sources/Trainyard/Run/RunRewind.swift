import PluginHost
import Training

/// Takes a run back whose model is gone: to its newest checkpoint that is whole, or to where it began, with its files
/// as they were there.
final class RunRewind {
  private(set) var rollbacks: [Rollback] = []
  private let outputs: RunOutputs
  private let folder: RunFolder?
  /// Where the run was taken up.
  private let start: ResumePoint?
  private let recordingFacts: [(String, JSONValue)]
  /// What the folder held when the training began, but for what begins with it.
  private let files: Set<String>
  private let warnings: [String]

  /// To be made when all is ready for the first epoch.
  init(
    outputs: RunOutputs, folder: RunFolder?, from start: ResumePoint?, recordingFacts: [(String, JSONValue)]
  ) {
    self.outputs = outputs
    self.folder = folder
    self.start = start
    self.recordingFacts = recordingFacts
    files = Set(folder.map { PathName.entries(of: $0.path) } ?? []).subtracting(["events.jsonl"])
    warnings = outputs.warnings
  }

  /// - Returns: Where the run goes on; `nil`: at its beginning.
  func goBack(
    after incident: HelperIncident, _ trainer: Trainer,
    takingCheckpoints takeCheckpoints: (ResumePoint?, RunLock?) throws -> Void
  ) throws -> ResumePoint? {
    let lock = outputs.checkpoints?.leave()
    outputs.checkpoints = nil
    let (point, problems) = try newestPoint(lock)
    if let point {
      folder?.closeFiles()
      try point.putBackFiles()
      folder?.goBack(to: point.contents.files)
    } else {
      folder?.goBack(toStartWith: files.union([RunCheckpoints.folderName]))
      if lock != nil, let path = folder?.file(RunCheckpoints.folderName) {
        RunCheckpoints.removeAll(in: path)
      }
    }
    try outputs.goBack(to: point, recordingFacts, warnings: warnings)
    try takeCheckpoints(point, lock)
    let rollback = Rollback(
      incident: incident, epoch: trainer.progress.epoch, step: trainer.progress.step,
      position: point?.position ?? RunPosition(.betweenEpochs, epoch: 0),
      startStep: point?.contents.run.step ?? 0)
    rollbacks.append(rollback)
    for problem in problems { outputs.log(.warning, problem, from: "the checkpoints") }
    // Those before are told again: what the run has said since the checkpoint is forgotten with the rest.
    for said in rollbacks.dropLast() where !outputs.warnings.contains(said.account) {
      outputs.keep(said.account)
    }
    outputs.log(.warning, rollback.account, from: incident.instance)
    return point
  }

  /// - Parameter lock: Of the run, where checkpoints of it are taken.
  private func newestPoint(_ lock: RunLock?) throws -> (point: ResumePoint?, problems: [String]) {
    guard let lock, let folder else { return (start, []) }
    let path = folder.file(RunCheckpoints.folderName)
    guard !CheckpointStore.numbers(in: path).isEmpty else { return (start, []) }
    do {
      let point = try ResumePoint(folder.path, held: lock)
      return (point, point.warnings)
    } catch let problem as ResumeProblem where start == nil {
      return (nil, [problem.failureWords.message])
    }
  }
}
