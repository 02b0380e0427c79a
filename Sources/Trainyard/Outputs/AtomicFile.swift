import FileKernels
import Glibc

/// Files that are there whole or not at all: written beside, synced, renamed, and the folder synced.
public enum AtomicFile {
  public static func write(_ text: String, to path: String) throws {
    try write(Array(text.utf8), to: path)
  }

  public static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { file in try bytes.withUnsafeBytes { try file.write($0) } }
  }

  /// `body` writes the content; when it throws, nothing is left behind.
  /// - Parameters:
  ///   - path: Of the file.
  ///   - isDurable: Whether it must outlive a failure of the machine: then it is synced.
  ///   - body: Is given the file, still under another name.
  public static func write(
    to path: String, isDurable: Bool = true, _ body: (borrowing OutputFile) throws -> Void
  ) throws {
    let temporary = "\(path).\(getpid()).part"
    do {
      let file = try OutputFile(creating: temporary, shownAs: path)
      try body(file)
      if isDurable { try file.sync() }
      try file.close()
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    if isDurable { try syncFolder(of: path) }
  }

  /// Removes what a process that was killed has left below a folder of files that it had begun to write.
  static func removeLeftovers(below folder: String, except kept: String) {
    for name in PathName.entries(of: folder) where name != kept {
      let path = PathName.join(folder, name)
      let parts = name.split(separator: ".")
      if parts.count > 2, parts.last == "part", parts[parts.count - 2].allSatisfy(\.isNumber) {
        PathName.remove(path)
        continue
      }
      var info = stat()
      if lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR {
        removeLeftovers(below: path, except: "")
      }
    }
  }

  /// Makes a rename or a removal in the file's folder last.
  static func syncFolder(of path: String) throws {
    try SyncedFile(folder: PathName.folder(of: path)).sync()
  }
}

/// A file being written. Every short write is continued, every error is told.
public struct OutputFile: ~Copyable {
  private var descriptor: Int32
  private let path: String

  init(creating path: String, shownAs shown: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    self.path = shown
    guard descriptor >= 0 else { throw FileError("write", shown) }
  }

  /// Opens for appending; makes the file where there is none.
  init(appending path: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    self.path = path
    guard descriptor >= 0 else { throw FileError("write", path) }
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    if let (_, error) = put(bytes) { throw error }
  }

  /// Adds to a file that was opened for appending: all of it or, on a full disk, nothing.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    guard let (done, error) = put(bytes) else { return }
    if done > 0, let size = try? size() { _ = ftruncate(descriptor, size - done) }
    throw error
  }

  /// `nil`: all is written; else how much is, and what was in the way of the rest.
  private func put(_ bytes: UnsafeRawBufferPointer) -> (done: Int, error: FileError)? {
    var rest = bytes
    while let base = rest.baseAddress, rest.count > 0 {
      let count = Glibc.write(descriptor, base, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        return (bytes.count - rest.count, FileError("write", path))
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
    return nil
  }

  public func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  /// Room for what will be written.
  func reserve(_ count: Int) { file_reserve(descriptor, Int64(count)) }

  func sync() throws {
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError("sync", path) }
  }

  func size() throws -> Int {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw FileError("read", path) }
    return Int(info.st_size)
  }

  /// What can be synced also when this is closed.
  func duplicate() throws -> SyncedFile { try SyncedFile(descriptor, path) }

  /// Whether the file still has a name.
  var isLinked: Bool {
    var info = stat()
    return fstat(descriptor, &info) == 0 && info.st_nlink > 0
  }

  func truncate(to size: Int) throws {
    guard ftruncate(descriptor, size) == 0 else { throw FileError("write", path) }
  }

  /// A disk may tell of a failed write only now.
  consuming func close() throws {
    let result = Glibc.close(descriptor)
    descriptor = -1
    guard result == 0 || errno == EINTR else { throw FileError("write", path) }
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }
}
