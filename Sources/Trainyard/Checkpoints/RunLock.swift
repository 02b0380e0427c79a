import Glibc
import Training

/// Says that a run's folder is in use: held as long as the process lives that trains in it, however it ends.
final class RunLock: Sendable {
  private let descriptor: Int32
  /// Whoever had it before did not come to its end: it crashed or was killed, or the machine stopped.
  let wasLeftBehind: Bool

  /// - Parameter folder: The run's `resume` folder.
  /// - Throws: `RunIsInUse` where another process has it.
  init(_ folder: String, of run: String) throws {
    let path = PathName.join(folder, "lock")
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw FileError("write", path) }
    // A file system without locks cannot keep two programs apart; that is no reason not to train.
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(descriptor)
      throw RunIsInUse(path: run)
    }
    var info = stat()
    wasLeftBehind = fstat(descriptor, &info) == 0 && info.st_size > 0
  }

  /// The run begins, or goes on: whoever finds this after it without `endInOrder` knows that it was left.
  func claim() {
    // Overwritten and not emptied first: there is no moment at which it says nothing.
    let text = Array("\(getpid())\n".utf8)
    _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  func endInOrder() { _ = ftruncate(descriptor, 0) }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

/// A run that is going on in another process.
public struct RunIsInUse: Error, FailureWords {
  public var path: String

  public var failureWords: (message: String, help: String?) {
    ("the run '\(path)' is going on in another process", "wait for its end, or end it")
  }
}
