import Glibc
import Support
import Trainyard

/// The built program over made data, with the engines' Python packages beside it.
struct BoosterProgram {
  let folder: TemporaryFolder
  /// Of the environment that `make engines` makes; `nil`: there is none.
  static let python: String? = getenv("VIRTUAL_ENV").map { String(cString: $0) + "/bin/python" }
  static let fixtures =
    "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast()
    .joined(separator: "/") + "/Fixtures"
  private static let peer = fixtures + "/peer.py"

  enum Engine: String, CaseIterable, Sendable { case xgboost, lightgbm }
  enum Task: String, CaseIterable, Sendable { case binary, classes, regression, ranking }

  init() throws {
    folder = try TemporaryFolder()
    try Shell.check([Self.python ?? "python3", Self.peer, "make", folder.path])
  }

  @discardableResult
  func run(_ words: [String], environment: [String: String] = [:], after shell: String? = nil) throws
    -> Shell.Result
  {
    let program = try builtFolder() + "/trainyard"
    let command = shell.map { ["bash", "-c", $0 + "; exec \"$0\" \"$@\"", program] } ?? [program]
    let own = ["HOME": folder.path, "XDG_DATA_HOME": "", "TRAINYARD_PLUGIN_PATH": ""]
    return try Shell.run(
      command + words, in: folder.path, environment: own.merging(environment) { $1 })
  }

  /// Writes a pipeline over the data of a task.
  /// - Parameter parameters: The engine's, as YAML in a line.
  func write(
    _ name: String, _ engine: Engine, _ task: Task, parameters: String, rounds: Int, weighted: Bool = false,
    callbacks: String = "[]", more: String = ""
  ) throws {
    let roles =
      (task == .ranking
        ? ", group: q, ignore: [w]" : weighted ? ", weight: w, ignore: [q]" : ", ignore: [w, q]")
    let kind = [.binary, .classes].contains(task) ? ", target_type: category" : ""
    func data(_ part: String) -> String {
      "{dataset: csv, file: \(task.rawValue)-\(part).csv, target: y\(kind)\(roles)}"
    }
    try folder.write(
      name,
      """
      data:
        train: \(data("train"))
        validation: \(data("valid"))
        \(task == .ranking ? "task: ranking" : "")
      model: {plugin: \(engine.rawValue), \(parameters)}
      train: {epochs: \(rounds), threads: 1, seed: 3}
      callbacks: \(callbacks)
      output: {folder: runs}
      \(more)
      """)
  }

  /// Predictions of a run for the test rows, in `predictions.csv`.
  func predict(_ run: String, _ task: Task) throws -> Shell.Result {
    let kind = [.binary, .classes].contains(task) ? ",target_type=category" : ""
    let words = [
      "predict", "runs/\(run)", "--data", "csv:file=\(task.rawValue)-test.csv,target=y,ignore=[w,q]\(kind)",
    ]
    let result = try self.run(words)
    if result.status == 0 { try folder.write("predictions.csv", result.output) }
    return result
  }

  /// What the engine's own package makes of the same settings: "equal best 12 varied".
  func compare(_ engine: Engine, _ task: Task, _ settings: String) throws -> String {
    let result = try Shell.check(
      [Self.python ?? "python3", Self.peer, "compare", engine.rawValue, task.rawValue, folder.path, settings])
    return result.output.split(separator: "\n").last.map { String($0) } ?? ""
  }
}
