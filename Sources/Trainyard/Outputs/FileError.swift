import Glibc

/// A file that could not be read or written, in words a user can act on.
public struct FileError: Error, CustomStringConvertible, Equatable {
  public var path: String
  /// What was being done: "write", "open".
  public var action: String
  public var code: Int32

  public init(_ action: String, _ path: String, code: Int32 = errno) {
    self.action = action
    self.path = path
    self.code = code
  }

  public var description: String { "cannot \(action) '\(path)': \(String(cString: strerror(code)))" }

  /// What the user can do.
  public var help: String? {
    switch code {
    case ENOSPC, EDQUOT: "free some space on that disk"
    case EACCES, EPERM, EROFS: "choose a place that you may write to, with --output or output.folder"
    case ENOENT: "check the path"
    default: nil
    }
  }
}
