import Support
import Trainyard

/// The built program in a folder of its own, run as a user runs it.
struct TrainyardProgram {
  let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = try builtFolder() + "/trainyard"
  }

  /// What a run said, with what differs from run to run taken out.
  struct Answer: Equatable, CustomStringConvertible {
    var status: Int32
    var output = ""
    var errors = ""

    var description: String { "status \(status)\n--- output\n\(output)--- errors\n\(errors)" }
  }

  /// Runs the program with these arguments, in its folder.
  /// - Parameter shell: Runs this shell command first, in the process that becomes the program.
  func run(_ arguments: [String], after shell: String? = nil) throws -> Answer {
    let words = command(arguments, after: shell)
    return answer(try Shell.run(words, in: folder.path, environment: environment))
  }

  func run(_ line: String, after shell: String? = nil) throws -> Answer {
    try run(line.split(separator: " ").map(String.init), after: shell)
  }

  func start(_ line: String, after shell: String? = nil) throws -> RunningProgram {
    let words = command(line.split(separator: " ").map(String.init), after: shell)
    return try Shell.start(words, in: folder.path, environment: environment)
  }

  func answer(_ result: Shell.Result) -> Answer {
    Answer(status: result.status, output: settled(result.output), errors: settled(result.errors))
  }

  private func command(_ arguments: [String], after shell: String?) -> [String] {
    guard let shell else { return [path] + arguments }
    return ["bash", "-c", shell + "; exec \"$0\" \"$@\"", path] + arguments
  }

  /// Nothing of the user's own: no plugins, no settings.
  private var environment: [String: String] {
    ["HOME": folder.path, "XDG_DATA_HOME": "", "TRAINYARD_PLUGIN_PATH": ""]
  }

  private func settled(_ text: String) -> String {
    text.split(separator: folder.path, omittingEmptySubsequences: false).joined(separator: "FOLDER")
      .replacing(#/shows all \d+/#, with: "shows all N")
  }

  // MARK: Files

  /// Every file and folder below a folder, sorted; `[]` where it does not exist.
  func files(_ name: String) throws -> [String] {
    let found = try Shell.run(["find", ".", "-mindepth", "1"], in: folder(name))
    return found.output.split(separator: "\n").map { String($0.dropFirst(2)) }.sorted()
  }

  /// All that a run has left in a folder, without what the clock and the name have a part in.
  func left(_ run: String) throws -> [String: [String]] {
    var left: [String: [String]] = [:]
    for name in try files(run) {
      if name == "config.json" || name == "model" || name.hasPrefix("resume") { continue }
      let bytes = try readFile(folder("\(run)/\(name)"))
      if name.hasSuffix(".safetensors") {
        left[name] = ["\(bytes)"]
        continue
      }
      left[name] = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        .map { String($0).replacing(#/"seconds": [-+.0-9e]+/#, with: "") }
      if name == "summary.json" {
        left[name] = left[name]?.filter { !$0.contains("\"calls\"") }
      }
    }
    return left
  }

  /// What this shell script gives, run in the program's folder with `trainyard` for the program, in a mount namespace of its
  /// own where `disk` is a small disk that goes away with it; `nil`, which is said: that is not possible here.
  func run(onSmallDisk script: String, size: String = "1m") throws -> Answer? {
    let isolate = ["unshare", "--mount", "--map-root-user", "bash", "-c"]
    let disk = folder("disk")
    try Shell.check(["mkdir", "-p", disk])
    let mount = "mount -t tmpfs -o size=\(size) tmpfs '\(disk)'"
    guard try Shell.run(isolate + [mount]).status == 0 else {
      print("skipped: a small disk cannot be mounted here")
      return nil
    }
    let setting = "\(mount) && cd '\(folder.path)' && trainyard() { '\(path)' \"$@\"; } && "
    return answer(try Shell.run(isolate + [setting + script], environment: environment))
  }

  func json(_ name: String) throws -> JSONValue { try JSONValue(parsing: readText(folder(name)), from: name) }

  /// What a run leaves that has trained a model.
  static let runFiles = [
    "config.json", "events.jsonl", "metrics.csv", "model", "model/model.json", "model/preprocessing.json",
    "model/weights.safetensors", "summary.json",
  ]
}

extension String {
  /// With # for fractions and for what stands before a unit, seconds for all times, and the blanks of tables closed
  /// up: these differ between machines.
  var withoutMeasurements: String {
    replacing(#/\d+(\.\d+)?(e-?\d+)? m?s\b/#, with: "# s")
      .replacing(#/\d+(\.\d+)?(e-?\d+)? %/#, with: "# %")
      .replacing(#/\d+\.\d+/#, with: "#")
      .replacing(#/# +/#, with: "# ")
  }
}

extension JSONValue {
  /// What lies at a path of keys, such as "error.message".
  func at(_ path: String) -> JSONValue? {
    path.split(separator: ".").reduce(self) { $0?[String($1)] }
  }
}
