import Glibc
import Training

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

  public var description: String { "cannot \(action) '\(path)': \(reason)" }
  /// In the system's words.
  var reason: String { String(cString: strerror(code)) }

  /// What the user can do.
  public var help: String? {
    if action == "make the folder", code == ENOENT || code == ENOTDIR { return Self.otherPlace }
    return switch code {
    case ENOSPC, EDQUOT: "free some space on that disk"
    case EFBIG: "raise the limit of file sizes (ulimit -f), or choose a disk that takes larger files"
    case EACCES, EPERM, EROFS: Self.otherPlace
    case ENOENT: "check the path"
    default: nil
    }
  }

  private static let otherPlace = "choose a place that you may write to, with --output or output.folder"
}

/// So that a failure of a run says what to do, whichever part of it could not write.
extension FileError: FailureWords {
  public var failureWords: (message: String, help: String?) { (description, help) }
}
