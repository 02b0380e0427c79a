import Glibc
import Trainyard

/// What a command answers. A full disk behind it is an error: half an answer must not look like a whole one. `print` keeps back
/// what it is given, and loses what it then cannot write.
enum StandardOutput {
  static func write(_ text: String) throws {
    guard ErrorReport.write(text, to: STDOUT_FILENO) else { throw FileError("write to", "standard output") }
  }

  static func line(_ text: String) throws { try write(text + "\n") }
}
