import Glibc

/// The folder that a run leaves, and the files that plugins keep in it.
///
///     runs/<id>/
///       config.json   what was run, resolved: nothing left to defaults
///       metrics.csv   a row for each epoch
///       events.jsonl  the recording that replay reads
///       summary.json  how it ended, why, and what each plugin cost
///       model/        weights, preprocessing, class names: all that predict needs
public final class RunFolder {
  public let path: String
  /// Files that are appended to stay open: a row is one write.
  private var open: [String: AppendedFile] = [:]

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
    guard !Self.ownFiles.contains(name), name != "model", !name.hasPrefix("model/") else {
      throw LoopError("'\(name)' in the run's folder is the host's own file: choose another name")
    }
  }

  func start(_ name: String) throws { try appended(name).file.truncate(to: 0) }

  func append(_ name: String, _ bytes: [UInt8]) throws {
    let file = try appended(name)
    try bytes.withUnsafeBytes { try file.file.write($0) }
    guard file.file.isLinked else {
      // Somebody has removed it, or the whole folder: what is written now nobody would ever read.
      open[name] = nil
      throw FileError("write", self.file(name), code: ENOENT)
    }
  }

  func remove(_ name: String) throws {
    let target = try PathName.inside(path, name)
    open[name] = nil
    guard unlink(target) == 0 || errno == ENOENT else { throw FileError("remove", target) }
  }

  /// The path of a file that will be written whole; its folder is made.
  func place(_ name: String) throws -> String {
    let target = try PathName.inside(path, name)
    try PathName.makeFolders(PathName.folder(of: target))
    return target
  }

  private func appended(_ name: String) throws -> AppendedFile {
    if let file = open[name] { return file }
    let file = AppendedFile(try OutputFile(appending: try place(name)))
    open[name] = file
    return file
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
