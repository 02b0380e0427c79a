import Glibc
import Training

/// Says that a run's folder is in use: held as long as the process lives that trains in it, however it ends.
final class RunLock: Sendable {
  private let descriptor: Int32

  /// - Parameter folder: The run's `resume` folder.
  /// - Throws: `RunIsInUse` where another process has it.
  init(_ folder: String, of run: String) throws {
    let path = PathName.join(folder, "lock")
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw FileError("write", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      if code == EWOULDBLOCK { throw RunIsInUse(path: run) }
      // A file system without locks cannot keep two programs apart; that is no reason not to train.
      return
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

/// A run that is going on in another process.
public struct RunIsInUse: Error, FailureWords {
  public var path: String

  public var failureWords: (message: String, help: String?) {
    ("the run '\(path)' is going on in another process", "wait for its end, or end it")
  }
}
