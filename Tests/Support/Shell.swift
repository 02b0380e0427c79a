import Glibc

/// Runs programs.
public enum Shell {
  public struct Result: Sendable {
    /// The exit status; 128 + n for a program that signal n ended.
    public var status: Int32
    public var output: String
    public var errors: String
  }

  /// Runs the program that the first word names, found in `PATH`, and waits for its end.
  /// - Parameters:
  ///   - folder: Its working directory.
  ///   - environment: Variables beside those of this process.
  @discardableResult
  public static func run(
    _ words: [String], in folder: String? = nil, environment: [String: String] = [:]
  ) throws -> Result {
    let words = (folder.map { ["env", "-C", $0] } ?? []) + words
    let output = try Capture()
    let errors = try Capture()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.file, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.file, 2)

    var variables = inheritedEnvironment()
    for (name, value) in environment { variables[name] = value }
    var arguments = words.map { strdup($0) } + [nil]
    var strings = variables.map { strdup($0.key + "=" + $0.value) } + [nil]
    defer { for text in arguments + strings { free(text) } }
    var process: pid_t = 0
    let code = posix_spawnp(&process, words.first ?? "", &actions, nil, &arguments, &strings)
    guard code == 0 else { throw TestError("cannot run \(words): error \(code)") }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else { throw TestError("cannot wait for \(words): error \(errno)") }
    }
    let signal = status & 0x7f
    return Result(
      status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: try output.text(),
      errors: try errors.text())
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
      lseek(file, 0, SEEK_SET)
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer[..<count]
      }
    }
  }
}
