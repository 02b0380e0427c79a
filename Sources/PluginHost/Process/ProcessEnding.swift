import Glibc

/// How a process ended.
public enum ProcessEnding: Equatable, Sendable, CustomStringConvertible {
  case exited(code: Int32)
  case signalled(number: Int32, name: String, coreDumped: Bool)
  /// It has not ended within its time.
  case timedOut

  static func signalled(_ number: Int32, coreDumped: Bool) -> ProcessEnding {
    .signalled(number: number, name: signalName(number), coreDumped: coreDumped)
  }

  /// "exit code 3", "signal 11 (SIGSEGV)".
  public var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let number, let name, let coreDumped):
      "signal \(number) (\(name))" + (coreDumped ? ", core dumped" : "")
    case .timedOut: "no end within its time"
    }
  }

  /// "SIGSEGV"; "SIG40" for one without a name.
  static func signalName(_ number: Int32) -> String { names[number] ?? "SIG\(number)" }

  private static let names: [Int32: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
    SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
    SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
    SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
  ]
}
