import Glibc
import Trainyard

/// The console of the program: lines to standard error, a status line below them where that is a terminal. A plugin's
/// text must not move the cursor or change colours.
final class Terminal: Console {
  private let descriptor = STDERR_FILENO
  private let isTerminal: Bool
  private let isQuiet: Bool
  private var shown = ""

  init(quiet: Bool = false) {
    isTerminal = isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"
    isQuiet = quiet
  }

  /// What a line of status may take: the ^C that a terminal echoes has room behind it.
  var width: Int {
    guard isTerminal, !isQuiet else { return 0 }
    return max(1, (Self.columns(descriptor) ?? 80) - 2)
  }

  /// The width of standard output; `nil`: not a terminal.
  static var outputWidth: Int? { columns(STDOUT_FILENO) }

  /// Whether standard output is a terminal that shows colours, and the user has nothing against them (no-color.org).
  static var outputTakesColour: Bool {
    func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
    return isatty(STDOUT_FILENO) == 1 && variable("TERM") != "dumb" && variable("NO_COLOR").isEmpty
  }

  private static func columns(_ descriptor: Int32) -> Int? {
    var size = winsize()
    guard isatty(descriptor) == 1 else { return nil }
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  func line(_ level: LogLevel, _ text: String) {
    if level == .debug || isQuiet && level == .info { return }
    let clean = text.shownOnTerminals(keepsLines: true)
    let prefix = level == .warning ? "warning: " : ""
    ErrorReport.write((shown.isEmpty ? "" : "\r\u{1B}[K") + prefix + clean + "\n" + shown, to: descriptor)
  }

  func status(_ text: String) {
    guard isTerminal, !isQuiet else { return }
    let clean = text.shownOnTerminals(keepsLines: true)
    guard clean != shown else { return }
    shown = clean
    ErrorReport.write("\r\u{1B}[K" + clean, to: descriptor)
  }
}
