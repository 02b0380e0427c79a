import Glibc
import PluginKit

/// An open file of the system, closed when its owner goes.
final class FileDescriptor {
  let path: String
  private let number: Int32

  init(opening path: String) throws {
    self.path = path
    number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { throw systemError("open", path) }
  }

  func sizeOfRegularFile() throws -> Int {
    var facts = stat()
    guard fstat(number, &facts) == 0 else { throw systemError("read", path) }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      let kind = facts.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not a regular file"
      throw PluginError("cannot read '\(path)': it is \(kind)", help: "give the path of a data file")
    }
    return Int(facts.st_size)
  }

  /// Does not move the place of the next `fill`.
  func begins(with bytes: [UInt8]) throws -> Bool {
    var found = [UInt8](repeating: 0, count: bytes.count)
    let count = pread(number, &found, found.count, 0)
    guard count >= 0 else { throw systemError("read", path) }
    return count == bytes.count && found == bytes
  }

  /// Reads until `target` is full or the file ends; returns the number of bytes.
  func fill(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let base = target.baseAddress else { return 0 }
    var filled = 0
    while filled < target.count {
      let count = Glibc.read(number, base + filled, target.count - filled)
      if count == 0 { break }
      if count > 0 { filled += count } else if errno != EINTR { throw systemError("read", path) }
    }
    return filled
  }

  deinit { if number >= 0 { close(number) } }
}

/// A path is told whole: the user sees where it was looked for.
private let missingFileHelp =
  "check the path; a relative one counts from the pipeline file or, without one, from the working directory"

private func systemError(_ action: String, _ path: String) -> PluginError {
  let reason = errno
  return PluginError(
    "cannot \(action) '\(path)': \(String(cString: strerror(reason)))",
    help: reason == ENOENT ? missingFileHelp : nil)
}
