import Glibc

/// What is written to standard output and standard error while a body runs.
struct OutputCapture {
  var output: String
  var errors: String

  /// Runs `body` with both streams led into files without names.
  static func during<Result>(
    in folder: String, _ body: () throws -> Result
  ) throws -> (Result, OutputCapture) {
    let output = try Redirection(STDOUT_FILENO, in: folder)
    let errors = try Redirection(STDERR_FILENO, in: folder)
    defer {
      output.end()
      errors.end()
    }
    let result = try body()
    // What the plugin's stdio still holds.
    fflush(nil)
    return (result, OutputCapture(output: output.text(), errors: errors.text()))
  }

  /// In the names of what stands in for the streams, and of the streams that are set aside.
  static let descriptors = "trainyard-capture"

  private final class Redirection {
    private let descriptor: Int32
    private let saved: Int32
    private let file: Int32

    init(_ descriptor: Int32, in folder: String) throws {
      fflush(nil)
      var template = Array((folder + "/\(OutputCapture.descriptors)-XXXXXX").utf8CString)
      file = mkstemp(&template)
      guard file >= 0 else { throw CheckError("cannot make a file in '\(folder)': error \(errno)") }
      _ = fcntl(file, F_SETFD, FD_CLOEXEC)
      unlink(template)
      self.descriptor = descriptor
      saved = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
      dup2(file, descriptor)
    }

    func end() {
      fflush(nil)
      if saved >= 0 {
        dup2(saved, descriptor)
        close(saved)
      }
      close(file)
    }

    func text() -> String {
      var buffer = [UInt8](repeating: 0, count: 1 << 12)
      let count = pread(file, &buffer, buffer.count, 0)
      return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
  }
}
