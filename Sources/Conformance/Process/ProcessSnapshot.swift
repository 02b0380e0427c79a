import CConformance
import Glibc

/// What a plugin shares with everything else in its process, and must leave as it was.
struct ProcessSnapshot {
  /// What is compared, by what a person calls it.
  private var settings: [(name: String, value: String)] = []
  private var variables: [String] = []
  private var files: [String] = []
  private var handlers: [UInt64] = []

  /// The process as it is now.
  init() {
    var process = cf_process()
    cf_look_at_process(&process)
    settings = [
      ("the working directory", Self.workingDirectory),
      ("the locale", setlocale(LC_ALL, nil).map { String(cString: $0) } ?? ""),
      ("the rounding of floating-point numbers", String(process.rounding)),
      ("which floating-point exceptions trap", String(process.traps)),
      (
        "the flushing of denormal numbers to zero",
        process.flushes_denormals == 0 ? "off" : "on"
      ),
      ("the mask of new files (umask)", "0" + String(process.mask_of_files, radix: 8)),
      ("the mask of blocked signals", "0x" + String(process.blocked, radix: 16)),
      ("the timer of SIGALRM", process.timer_microseconds == 0 ? "not set" : "set"),
    ]
    withUnsafeBytes(of: process.handlers) { handlers = Array($0.bindMemory(to: UInt64.self)) }
    var index = 0
    while let variable = cf_variable(index) {
      variables.append(String(cString: variable))
      index += 1
    }
    files = Self.entries(of: ".")
  }

  /// What is different now, a line each: "the working directory was '/a' and is '/b'".
  func changes(to later: ProcessSnapshot) -> [String] {
    var changes: [String] = []
    for (before, after) in zip(settings, later.settings) where before.value != after.value {
      changes.append("\(before.name) was '\(before.value)' and is '\(after.value)'")
    }
    for number in handlers.indices where handlers[number] != later.handlers[number] {
      changes.append("what happens on \(Self.signalName(number)) was changed")
    }
    changes += Self.difference(variables, later.variables, "the environment")
    changes += Self.difference(files, later.files, "the working directory", named: "file")
    return changes
  }

  private static func difference(
    _ before: [String], _ after: [String], _ place: String, named noun: String = "variable"
  ) -> [String] {
    let gone = Set(before).subtracting(after).sorted()
    let new = Set(after).subtracting(before).sorted()
    return gone.map { "\(place) has lost the \(noun) '\($0)'" }
      + new.map { "\(place) has the \(noun) '\($0)'" }
  }

  private static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "" }
    defer { free(path) }
    return String(cString: path)
  }

  /// "SIGTERM", or "signal 34".
  private static func signalName(_ number: Int) -> String {
    let names = [
      1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS",
      8: "SIGFPE",
      10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 17: "SIGCHLD",
    ]
    return names[number] ?? "signal \(number)"
  }

  /// The names in a folder, without `.` and `..`.
  static func entries(of folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
