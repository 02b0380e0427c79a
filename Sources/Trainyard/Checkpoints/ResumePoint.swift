import CTrainyard
import Glibc
import Training

/// A run that can be taken up, with the checkpoint that it goes on from. Nobody else can take it up meanwhile.
public final class ResumePoint {
  /// The run's folder.
  public let folder: String
  /// Where it goes on.
  public var position: RunPosition { contents.run.position }
  /// The run has ended: only more epochs can be added to it.
  public var isComplete: Bool { contents.isComplete }
  /// What the user should know: checkpoints that are damaged, how the run ended.
  public private(set) var warnings: [String] = []

  /// What could not be put back.
  package private(set) var fileProblems: [String] = []
  private var allowedChanges: Set<String> = []
  private var allowsChanges = false

  let number: Int
  let contents: CheckpointContents
  let history: HistoryMark
  let lock: RunLock

  /// Finds the newest checkpoint of a run that is whole.
  /// - Throws: `ResumeProblem` where there is none; `RunIsInUse`.
  public convenience init(_ folder: String) throws { try self.init(folder, held: nil) }

  /// - Parameter held: The lock of the run, where it is this process that goes back to a checkpoint.
  init(_ folder: String, held: RunLock?) throws {
    self.folder = folder
    let path = PathName.join(folder, RunCheckpoints.folderName)
    let numbers = CheckpointStore.numbers(in: path)
    let note = CrashNote.words(PathName.join(path, CrashNote.fileName))
    guard !numbers.isEmpty else { throw ResumeProblem.nothing(folder, note) }
    lock = try held ?? RunLock(path, of: folder)
    var damaged: [String] = []
    for number in numbers {
      do {
        let found = try CheckpointStore.read(number, in: path)
        (contents, history) = found
        self.number = number
        warnings = damaged
        if held != nil { return }
        if let note {
          warnings.append(note)
        } else if lock.wasLeftBehind {
          warnings.append(
            "the process before was killed, or the machine stopped: nothing is known of what it was doing")
        }
        return
      } catch let damage as CheckpointDamage {
        damaged.append("\(damage); going on from the one before it")
      }
    }
    throw ResumeProblem.allDamaged(folder, damaged)
  }

  /// The config in the run's folder; secrets are left out of it. No checkpoint says which libraries are opened.
  public func config() throws -> (node: ConfigNode, baseFolder: String) {
    let origin = RunOrigin(reading: PathName.join(folder, RunCheckpoints.folderName))
    return (try ConfigReader.read(path: PathName.join(folder, "config.json")), origin.baseFolder)
  }

  /// The run's folder, with its files put back to what they were at the checkpoint.
  /// - Parameters:
  ///   - identity: Of the run that is about to go on.
  ///   - digests: Of its data.
  func openFolder(_ identity: CheckpointContents, _ digests: DataDigests) throws -> RunFolder {
    let problem = dataProblem(identity.data, digests)
    if let problem, !allowsChanges { throw problem }
    try putBackFiles()
    if let problem { fileProblems.append(problem.message) }
    return RunFolder(resuming: folder, contents.files)
  }

  /// In what the data is not that of the run.
  private func dataProblem(_ data: DataIdentity, _ digests: DataDigests) -> ResumeProblem? {
    var counts = contents.data
    counts.digests = data.digests
    guard counts == data else { return .otherData(folder, contents.data, data) }
    let changed = digests.changed(since: contents.data.digests)
    return changed.isEmpty ? nil : .otherValues(folder, changed)
  }

  /// The files of the run's folder as they were at the checkpoint.
  package func putBackFiles() throws {
    let path = PathName.join(folder, RunCheckpoints.folderName)
    // Those that are newer and damaged: the run gives their numbers to others.
    for newer in CheckpointStore.numbers(in: path) where newer > number {
      CheckpointStore.remove(newer, in: path)
    }
    unlink(PathName.join(path, CrashNote.fileName))
    fileProblems = try FileUndo.restore(folder, to: number, lengths: contents.files, in: path)
  }

  func describe(in facts: inout ty_run_facts) {
    facts.resumed = 1
    facts.initial_epoch = Int64(position.epoch)
  }

  // MARK: Whether a plan is of this run

  /// Keys of the config in which a plan differs from the run. Where outputs go, and when checkpoints are taken, changes
  /// nothing in what is trained.
  public func changes(in resolved: JSONValue) -> [String] {
    let free: Set<String> = ["output", "checkpoints", "plugins", "cross_validation", "search"]
    func trained(_ config: JSONValue) -> JSONValue {
      .object((config.members ?? []).filter { !free.contains($0.name) })
    }
    return trained(contents.config).differences(from: trained(resolved.withoutLibraryPaths))
  }

  /// A key that may be another than in the run's config.
  func allow(_ key: String) { allowedChanges.insert(key) }

  /// What stands against going on with a plan, all of it at once.
  /// - Parameter allowsChanges: The user wants to go on with another config or other plugins.
  func check(_ plan: Plan, allowsChanges: Bool) throws {
    self.allowsChanges = allowsChanges
    let changes = changes(in: plan.resolved).filter { !allowedChanges.contains($0) }
    if !changes.isEmpty, !allowsChanges { throw ResumeProblem.changed(folder, changes) }
    let now = PluginIdentity.all(plan)
    let before = contents.plugins
    let missing = before.filter { old in !now.contains { $0.isSame(as: old) } }
    let new = now.filter { new in !before.contains { $0.isSame(as: new) } }
    if !(missing.isEmpty && new.isEmpty), !allowsChanges {
      throw ResumeProblem.otherPlugins(folder, missing.map(\.words), new.map(\.words))
    }
    for plugin in now {
      guard let old = before.first(where: { $0.isSame(as: plugin) }), old.version != plugin.version else {
        continue
      }
      warnings.append(
        "\(plugin.words) is version \(plugin.version) now, and was \(old.version): the run may not go on exactly as it would have"
      )
    }
    if let stop = contents.run.stop, contents.isComplete {
      throw ResumeProblem.stopped(folder, by: stop.by, reason: stop.reason)
    }
    if contents.isComplete, contents.run.position.epoch >= plan.training.epochs {
      throw ResumeProblem.finished(folder, epochs: contents.run.epochs.count)
    }
  }
}

extension PluginIdentity {
  static func all(_ plan: Plan) -> [PluginIdentity] {
    var plugins = [plan.data.training]
    if case .dataset(let dataset) = plan.data.validation { plugins.append(dataset) }
    plugins += [plan.model] + plan.monitors + plan.callbacks
    return plugins.map {
      PluginIdentity(
        kind: $0.component.kind.name, name: $0.name, id: $0.component.id, version: $0.component.version)
    }
  }

  func isSame(as other: PluginIdentity) -> Bool { kind == other.kind && name == other.name && id == other.id }

  var words: String { name == id ? "\(kind) '\(name)'" : "\(kind) '\(name)' (\(id))" }
}

extension JSONValue {
  /// The paths of keys at which two values differ.
  func differences(from other: JSONValue, at path: String = "") -> [String] {
    if self == other { return [] }
    if case .object(let own) = self, case .object(let others) = other {
      let names = own.map(\.name) + others.map(\.name).filter { name in !own.contains { $0.name == name } }
      return names.flatMap { name -> [String] in
        let inner = path.isEmpty ? name : "\(path).\(name)"
        switch (self[name], other[name]) {
        case (let own?, let other?): return own.differences(from: other, at: inner)
        default: return [inner]
        }
      }
    }
    if case .array(let own) = self, case .array(let others) = other, own.count == others.count {
      return own.indices.flatMap { own[$0].differences(from: others[$0], at: "\(path)[\($0)]") }
    }
    // 1 and 1.0 are the same number, whichever way they were written.
    if let own = double, let others = other.double, string == nil, other.string == nil, own == others {
      return []
    }
    return [path]
  }
}
