import Glibc

/// How the program ends.
enum ExitStatus: Int32, Error {
  /// The run finished, or a callback stopped it.
  case done = 0
  /// The run failed.
  case failed = 1
  /// The run could not start: the command line, a config, a plugin or data cannot be used.
  case unusable = 2
  /// From outside, by Ctrl-C or SIGTERM.
  case interrupted = 130

  func exit() -> Never {
    fflush(nil)
    Glibc.exit(rawValue)
  }
}
