import ArgumentParser
import Glibc
import Trainyard

/// Errors in the three lines that people meet: what went wrong, where, what to do.
enum ErrorReport {
  static func text(_ error: any Error) -> String { words(of: error).shownOnTerminals(keepsLines: true) }

  /// With what plugins, files and their names bring along.
  private static func words(of error: any Error) -> String {
    switch error {
    case let problems as ConfigProblems: problems.rendered
    case let problem as ConfigProblem: problem.rendered
    case let failure as RunFailure: lines(failure.description, help: failure.help)
    case let error as DataError: lines(error.message, help: error.help)
    case let error as FileError: lines(error.description, help: error.help)
    case let error as RunFolderTaken: lines(error.description, help: error.help)
    case let error as ModelFolderError: lines(error.description, help: error.help)
    case let error as ExportError: lines(error.description, help: error.help)
    case let error as LockFileError: lines(error.description, help: error.help)
    case let error as SafeTensorsError: lines(error.description, help: error.help)
    case let error as any FailureWords:
      lines(
        error.failureWords.message, place: (error as? any FailurePlace)?.failurePlace,
        help: error.failureWords.help)
    default: lines("\(error)", help: nil)
    }
  }

  static func lines(_ message: String, place: String? = nil, help: String?) -> String {
    var text = "error: \(message)"
    if let place { text += "\n  where: \(place)" }
    if let help, !help.isEmpty { text += "\n  help:  \(help)" }
    return text
  }

  /// Ends the program: what the argument parser has to say goes where it belongs, all other errors are ours.
  static func end(
    with error: any Error, code: (any Error) -> Int32, message: (any Error) -> String
  ) -> Never {
    let isParsers =
      error is CleanExit || error is ValidationError || "\(type(of: error))".hasPrefix("CommandError")
    guard isParsers else {
      write(text(error) + "\n", to: STDERR_FILENO)
      ExitStatus.unusable.exit()
    }
    let text = message(error)
    if code(error) == 0 {
      do { if !text.isEmpty { try StandardOutput.line(text) } } catch {
        write(self.text(error) + "\n", to: STDERR_FILENO)
        ExitStatus.unusable.exit()
      }
      ExitStatus.done.exit()
    }
    let shown = text.hasPrefix("Error: ") ? "error: " + text.dropFirst("Error: ".count) : text
    write(shown + "\n", to: STDERR_FILENO)
    ExitStatus.unusable.exit()
  }

  /// Straight to the descriptor: nothing is buffered when the program ends. Returns whether all was written.
  @discardableResult
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while rest.count > 0 {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 { if errno == EINTR { continue } else { return false } }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
      return true
    }
  }
}
