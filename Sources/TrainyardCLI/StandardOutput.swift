import Glibc
import Trainyard

/// What a command answers. A full disk behind it is an error: half an answer must not look like a whole one.
enum StandardOutput {
  static func write(_ text: String) throws {
    guard ErrorReport.write(text, to: STDOUT_FILENO) else { throw failure() }
  }

  /// Flushes what `print` has kept back.
  static func finish() throws {
    guard fflush(nil) == 0 else { throw failure() }
  }

  private static func failure() -> FileError { FileError("write to", "standard output") }
}
