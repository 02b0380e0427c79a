import Glibc

/// Runs programs.
public enum Shell {
  public struct Result: Equatable, Sendable {
    /// The exit status; 128 + n for a program that signal n ended.
    public var status: Int32
    public var output: String
    public var errors: String
  }

  /// Seconds after which a program is taken to hang. No test is about time: a machine that is busy with other work may take
  /// many times as long as one that is not.
  public static let patience = 1800.0

  /// Runs the program that the first word names, found in `PATH`, and waits for its end.
  /// - Parameters:
  ///   - folder: Its working directory.
  ///   - environment: Variables beside those of this process.
  ///   - seconds: After so long it is killed, and that is an error.
  @discardableResult
  public static func run(
    _ words: [String], in folder: String? = nil, environment: [String: String] = [:],
    seconds: Double = patience
  ) throws -> Result {
    try start(words, in: folder, environment: environment).wait(seconds: seconds)
  }

  /// Runs a program that must succeed.
  @discardableResult
  public static func check(_ words: [String], in folder: String? = nil) throws -> Result {
    let result = try run(words, in: folder)
    guard result.status == 0 else {
      throw TestError(
        "\(words.joined(separator: " ")) gave \(result.status):\n\(result.output)\(result.errors)")
    }
    return result
  }

  /// Starts a program without waiting for it. Signals act upon it as upon one that a person started.
  public static func start(
    _ words: [String], in folder: String? = nil, environment: [String: String] = [:]
  ) throws -> RunningProgram {
    let words = (folder.map { ["env", "-C", $0] } ?? []) + words
    let output = try Capture()
    let errors = try Capture()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.file, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.file, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    setSignals(&attributes)

    var variables = inheritedEnvironment()
    for (name, value) in environment { variables[name] = value }
    var arguments = words.map { strdup($0) } + [nil]
    var strings = variables.map { strdup($0.key + "=" + $0.value) } + [nil]
    defer { for text in arguments + strings { free(text) } }
    var process: pid_t = 0
    let code = posix_spawnp(&process, words.first ?? "", &actions, &attributes, &arguments, &strings)
    guard code == 0 else { throw TestError("cannot run \(words): error \(code)") }
    return RunningProgram(words, process, output, errors)
  }

  /// Where programs are looked for.
  public static func searchPath() -> String? {
    let result = try? Shell.run(["sh", "-c", "printf %s \"$PATH\""])
    return result.flatMap { $0.output.isEmpty ? nil : $0.output }
  }

  /// A runner that ignores Ctrl-C, as one in the background does, hands that on unless it is told otherwise.
  private static func setSignals(_ attributes: inout posix_spawnattr_t) {
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
  }

  private static func inheritedEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    // Not `environ`: a mutable global of another language.
    for entry in ((try? readFile("/proc/self/environ")) ?? []).split(separator: 0) {
      let text = String(decoding: entry, as: UTF8.self)
      guard let sign = text.firstIndex(of: "=") else { continue }
      variables[String(text[..<sign])] = String(text[text.index(after: sign)...])
    }
    return variables
  }
}

/// A program that was started.
public final class RunningProgram {
  private let words: [String]
  private let process: pid_t
  private let output: Capture
  private let errors: Capture
  private var isOver = false

  fileprivate init(_ words: [String], _ process: pid_t, _ output: Capture, _ errors: Capture) {
    self.words = words
    self.process = process
    self.output = output
    self.errors = errors
  }

  deinit {
    guard !isOver else { return }
    kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }

  public var processID: Int32 { process }

  public func signal(_ number: Int32) { if !isOver { kill(process, number) } }

  /// Waits for the program's end.
  public func wait(seconds: Double = Shell.patience) throws -> Shell.Result {
    guard let result = try poll(seconds: seconds) else {
      throw TestError("\(words) did not end within \(seconds) s:\n\(try output.text())\(try errors.text())")
    }
    return result
  }

  /// What the program gave, or `nil` when it has not ended by then.
  public func poll(seconds: Double) throws -> Shell.Result? {
    let pause = 0.005
    for _ in 0...Int(seconds / pause) {
      var status: Int32 = 0
      let ended = waitpid(process, &status, WNOHANG)
      if ended < 0, errno != EINTR { throw TestError("cannot wait for \(words): error \(errno)") }
      guard ended == process else {
        usleep(UInt32(pause * 1e6))
        continue
      }
      isOver = true
      let signal = status & 0x7f
      return Shell.Result(
        status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: try output.text(),
        errors: try errors.text())
    }
    return nil
  }
}

/// A file without a name that takes what a program writes: unlike a pipe it never fills up.
private final class Capture {
  let file: Int32

  init() throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((base + "/trainyard-output-XXXXXX").utf8CString)
    file = mkstemp(&template)
    guard file >= 0 else { throw TestError("no temporary file in \(base): error \(errno)") }
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    unlink(template)
  }

  deinit { close(file) }

  func text() throws -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      // The program shares the file's position: it is left alone.
      let count = pread(file, &buffer, buffer.count, off_t(bytes.count))
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }
}
