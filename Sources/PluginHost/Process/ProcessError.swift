import Glibc

/// A process could not be started.
public struct ProcessError: Error, Equatable, CustomStringConvertible {
  /// "start /usr/bin/x".
  public var action: String
  /// `errno`.
  public var code: Int32

  init(_ action: String, _ code: Int32) {
    self.action = action
    self.code = code
  }

  public var description: String { "cannot \(action): \(String(cString: strerror(code)))" }
}
