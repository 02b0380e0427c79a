import Glibc
import PluginHost
import Training

/// Takes the checkpoints of one run: a copy of all it needs between two batches, which another thread then writes.
///
/// The run waits for the copy alone; the next checkpoint waits for the one before to be written. One that cannot be
/// written is a warning, and an error only where the run ends with it.
final class RunCheckpoints {
  private let folder: RunFolder
  private let path: String
  private let undo: FileUndo
  private let lock: RunLock
  private let identity: CheckpointContents
  private let log: (LogLevel, String) -> Void
  private var schedule: CheckpointSchedule
  private var store: CheckpointStore
  private var job: BackgroundJob<CheckpointStore>?
  private var number: Int
  /// The newest one that is safe, and where it was taken.
  private var safe: (number: Int, position: RunPosition)?
  private var beingWritten: (number: Int, position: RunPosition)?
  /// One was due where a monitor cannot be left; it is taken at the epoch's end.
  private var isPostponed = false
  private var hasWarnedOfMonitors = false
  /// Of the run's data: computed when the first checkpoint is taken.
  var digests: DataDigests?
  /// What the outputs remember; asked at each checkpoint.
  var outputState: () -> OutputState = { OutputState() }

  static let folderName = "resume"

  /// - Parameters:
  ///   - identity: What all checkpoints of the run have in common.
  ///   - point: Where the run goes on.
  ///   - held: The lock of the run, which goes back to its start.
  init(
    _ folder: RunFolder, policy: CheckpointPolicy, identity: CheckpointContents, baseFolder: String,
    from point: ResumePoint?, held: RunLock? = nil, clock: @escaping () -> Int64,
    log: @escaping (LogLevel, String) -> Void
  ) throws {
    self.folder = folder
    self.identity = identity
    self.log = log
    path = folder.file(Self.folderName)
    if let point {
      lock = point.lock
      undo = FileUndo(path, from: point.number)
      safe = (point.number, point.contents.run.position)
    } else {
      try PathName.makeFolders(path)
      lock = try held ?? RunLock(path, of: folder.path)
      undo = FileUndo(path)
      try RunOrigin(baseFolder: baseFolder, started: RunClock.system.wall()).write(to: path)
    }
    lock.claim()
    number = point?.number ?? 0
    store = CheckpointStore(path, keep: max(1, policy.keep), from: point?.history ?? HistoryMark())
    schedule = CheckpointSchedule(
      policy, from: point?.contents.run.position ?? RunPosition(.betweenEpochs, epoch: 0),
      step: point?.contents.run.step ?? 0, clock: clock)
    folder.undo = undo
    undo.taken(number)
    for problem in point?.fileProblems ?? [] { log(.warning, problem) }
    CrashNotes.write(to: PathName.absolute(PathName.join(path, CrashNote.fileName)))
  }

  deinit {
    CrashNotes.write(to: nil)
    _ = try? job?.finish()
  }

  // MARK: While the run goes on

  func isDue(at position: RunPosition, step: Int) -> Bool {
    if let job, job.isDone { collect() }
    if isPostponed { return position.phase == .betweenEpochs }
    return schedule.isDue(at: position, step: step)
  }

  func take(_ trainer: Trainer, because reason: CheckpointReason) throws {
    if reason == .ended, !schedule.policy.keepFinished { return }
    guard reason != .interrupted, reason != .ended else {
      try takeLast(trainer, because: reason)
      return
    }
    if postpones(trainer) { return }
    collect()
    do { try begin(trainer, isComplete: false) } catch {
      // Tried: the next one is due when it would have been after this one, and not at every batch.
      schedule.taken(at: trainer.position, step: trainer.progress.step)
      log(.warning, "no checkpoint was taken: \(Self.words(error))")
    }
  }

  /// The run leaves here, and its checkpoint is safe when this returns.
  private func takeLast(_ trainer: Trainer, because reason: CheckpointReason) throws {
    collect()
    if postpones(trainer) {
      let place = safe.map { "the checkpoint taken \($0.position.words)" } ?? "its beginning"
      log(.warning, "the run can be taken up from \(place)")
      return
    }
    try begin(trainer, isComplete: reason == .ended)
    try finishJob()
  }

  /// Whether a monitor stands in the way: nobody could take up its pass.
  private func postpones(_ trainer: Trainer) -> Bool {
    isPostponed = false
    guard trainer.position.phase != .betweenEpochs else { return false }
    let names = trainer.monitorsWithoutState
    guard !names.isEmpty else { return false }
    isPostponed = true
    if !hasWarnedOfMonitors {
      hasWarnedOfMonitors = true
      let list = names.map { "'\($0)'" }.joined(separator: ", ")
      log(
        .warning,
        "\(names.count == 1 ? "monitor \(list) keeps" : "monitors \(list) keep") no state that could be saved within a pass: "
          + "checkpoints are taken between epochs only")
    }
    return true
  }

  private func begin(_ trainer: Trainer, isComplete: Bool) throws {
    var contents = identity
    contents.run = try trainer.state()
    contents.isComplete = isComplete
    contents.outputs = outputState()
    contents.data.digests = digests?.all ?? []
    let (lengths, files) = try folder.appendedFiles()
    contents.files = lengths
    number += 1
    undo.taken(number)
    schedule.taken(at: contents.run.position, step: contents.run.step)
    beingWritten = (number, contents.run.position)
    job = BackgroundJob { [store, number, contents] in
      var store = store
      try store.write(contents, number: number, after: files)
      return store
    }
  }

  /// Takes the result of the writer, after waiting for it: an error is a warning, and the run goes on.
  private func collect() {
    do { try finishJob() } catch {
      log(.warning, "a checkpoint was not written: \(Self.words(error))")
    }
  }

  private func finishJob() throws {
    guard let job else { return }
    self.job = nil
    store = try job.finish()
    safe = beingWritten
    if let oldest = CheckpointStore.numbers(in: path).last { try undo.forget(before: oldest) }
  }

  private static func words(_ error: any Error) -> String {
    guard let file = error as? FileError, let help = file.help else { return "\(error)" }
    return "\(file.description); \(help)"
  }

  /// Waits for the writer, and lets the run go: it goes back to one of its checkpoints, or to its start.
  func leave() -> RunLock {
    collect()
    folder.undo = nil
    return lock
  }

  /// None of a run's checkpoints is to be gone on from; that it is going on stays.
  static func removeAll(in path: String) {
    for number in CheckpointStore.numbers(in: path) { CheckpointStore.remove(number, in: path) }
    for name in PathName.entries(of: path) where name != "lock" { PathName.remove(PathName.join(path, name)) }
  }

  // MARK: The end

  /// Waits for the writer. A run that is done needs nothing to go on from; one that is not and has no checkpoint
  /// leaves no empty folder.
  func end(_ outcome: Outcome) {
    collect()
    folder.undo = nil
    CrashNotes.write(to: nil)
    lock.endInOrder()
    let isDone = (outcome == .finished || outcome == .stopped) && !schedule.policy.keepFinished
    guard isDone || safe == nil else { return }
    // First out of sight: half a folder must not look like something to go on from.
    let old = path + ".old"
    PathName.remove(old)
    PathName.remove(rename(path, old) == 0 ? old : path)
  }
}
