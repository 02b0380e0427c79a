import Glibc

/// The folder that a run leaves, and the files that plugins keep in it.
///
///     runs/<id>/
///       config.json   what was run, resolved: nothing left to defaults
///       metrics.csv   a row for each epoch
///       events.jsonl  the recording that replay reads
///       summary.json  how it ended, why, and what each plugin cost
///       model/        weights, preprocessing, class names: all that predict needs
///       resume/       checkpoints, while the run has not finished
public final class RunFolder {
  public let path: String
  /// Files that are appended to stay open: a row is one write.
  private var open: [String: AppendedFile] = [:]
  /// Of the files that were appended to and are not open, as in the run that this one takes up.
  private var lengths: FileLengths = [:]
  /// Told before a file changes in a way that a length does not undo; `nil`: nobody will go back.
  var undo: FileUndo?

  private final class AppendedFile {
    let file: OutputFile
    init(_ file: consuming OutputFile) { self.file = file }
  }

  /// Makes a new folder of this path, and those above it. One that is there already is an error.
  public init(at path: String) throws {
    try PathName.makeFolders(PathName.folder(of: path))
    self.path = path
    try Self.make(path)
  }

  private static func make(_ path: String) throws {
    guard mkdir(path, 0o755) == 0 else {
      throw errno == EEXIST ? RunFolderTaken(path: path) : FileError("make the folder", path)
    }
  }

  /// Makes a new folder. A name that is taken is an error, unless it `isNumbered`; an id made from the date always is.
  public init(in parent: String, name: String?, isNumbered: Bool = false) throws {
    try PathName.makeFolders(parent)
    if let name, !isNumbered {
      path = PathName.join(parent, name)
      try Self.make(path)
      return
    }
    let name = name ?? Self.dateText()
    for attempt in 1... {
      let candidate = PathName.join(parent, attempt == 1 ? name : "\(name)-\(attempt)")
      if mkdir(candidate, 0o755) == 0 {
        path = candidate
        return
      }
      guard errno == EEXIST, attempt < 10_000 else { throw FileError("make the folder", candidate) }
    }
    throw FileError("make the folder", parent, code: EEXIST)
  }

  /// The folder of a run that is taken up, whose files have been put back.
  init(resuming path: String, _ lengths: FileLengths) {
    self.path = path
    self.lengths = lengths
  }

  /// The run goes back to a checkpoint, and its files have been put back.
  func goBack(to lengths: FileLengths) {
    closeFiles()
    self.lengths = lengths
  }

  /// The run goes back to its start: what has come since goes.
  /// - Parameter kept: The names of what was there.
  func goBack(toStartWith kept: Set<String>) {
    goBack(to: [:])
    for name in PathName.entries(of: path) where !kept.contains(name) { PathName.remove(file(name)) }
  }

  /// The folder that a fit asks for; `nil` where it asks for none.
  convenience init?(_ place: FitRequest.Folder) throws {
    switch place {
    case .none: return nil
    case .new(let parent, let name, let isNumbered):
      try self.init(in: parent, name: name, isNumbered: isNumbered)
    case .exact(let path): try self.init(at: path)
    }
  }

  private static func dateText() -> String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 32)
    strftime(&text, text.count, "%Y%m%d-%H%M%S", &parts)
    return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? "run"
  }

  /// A file of the host's own.
  public func file(_ name: String) -> String { PathName.join(path, name) }

  // MARK: What plugins ask for

  func size(_ name: String) -> Int64 {
    guard let path = try? PathName.inside(path, name) else { return -1 }
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG ? Int64(info.st_size) : -1
  }

  /// The host's own: a plugin may not write to them.
  private static let ownFiles: Set<String> = ["config.json", "metrics.csv", "events.jsonl", "summary.json"]

  /// Refuses the name of a file that is the host's.
  func requirePluginsFile(_ name: String) throws {
    let top = name.split(separator: "/").first.map(String.init) ?? name
    guard !Self.ownFiles.contains(name), top != "model", top != RunCheckpoints.folderName else {
      throw LoopError("'\(name)' in the run's folder is the host's own file: choose another name")
    }
  }

  func start(_ name: String) throws {
    let target = try PathName.inside(path, name)
    if let undo, try undo.willReplace(name, at: target, byMoving: true) {
      open[name] = nil
      lengths[name] = nil
    }
    try appended(name).file.truncate(to: 0)
  }

  func append(_ name: String, _ bytes: [UInt8]) throws {
    let file = try appended(name)
    try bytes.withUnsafeBytes { try file.file.append($0) }
    guard file.file.isLinked else {
      // Somebody has removed it, or the whole folder: what is written now nobody would ever read.
      open[name] = nil
      throw FileError("write", self.file(name), code: ENOENT)
    }
  }

  func remove(_ name: String) throws {
    let target = try PathName.inside(path, name)
    open[name] = nil
    lengths[name] = nil
    // Not before a later checkpoint is safe: one that the run goes back to may count on the file.
    if let undo, try undo.willReplace(name, at: target, byMoving: true) { return }
    guard unlink(target) == 0 || errno == ENOENT else { throw FileError("remove", target) }
  }

  /// The path of a file that will be written whole; its folder is made.
  func place(_ name: String) throws -> String {
    let target = try folderMade(name)
    _ = try undo?.willReplace(name, at: target, byMoving: false)
    return target
  }

  private func folderMade(_ name: String) throws -> String {
    let target = try PathName.inside(path, name)
    try PathName.makeFolders(PathName.folder(of: target))
    return target
  }

  private func appended(_ name: String) throws -> AppendedFile {
    if let file = open[name] { return file }
    let target = try folderMade(name)
    if let undo, !PathName.exists(target) { try undo.willCreate(name) }
    let file = AppendedFile(try OutputFile(appending: target))
    open[name] = file
    lengths[name] = 0
    return file
  }

  /// How long each file is that was appended to, and what must be synced before that is certain.
  func appendedFiles() throws -> (lengths: FileLengths, files: [SyncedFile]) {
    var files: [SyncedFile] = []
    for (name, appended) in open {
      lengths[name] = try appended.file.size()
      files.append(try appended.file.duplicate())
    }
    return (lengths, files)
  }

  /// Takes the folder away with all that is in it: nothing was trained.
  func discard() {
    closeFiles()
    PathName.remove(path)
  }

  /// Closes what is open; the next append opens it again.
  func closeFiles() { open.removeAll() }
}

/// A run's name that is taken.
public struct RunFolderTaken: Error, CustomStringConvertible {
  public var path: String
  public var description: String { "the run folder '\(path)' exists already" }
  public var help: String { "choose another name, or remove that folder" }
}
