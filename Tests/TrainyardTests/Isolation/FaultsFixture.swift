import Support
import Testing

@testable import Trainyard

/// A training with the callback of `faults.c` among its callbacks, isolated.
struct FaultyTraining {
  var moons: Moons
  let library: String
  /// The options of the callback, in the order in which they are written.
  var options: [(String, String)] = [("isolate", "true")]
  /// Stands before it, and watches; `nil`: the faulty one is alone.
  var others = ""

  init(flags: [String] = []) throws {
    moons = try Moons()
    library = try Self.build(flags, in: moons.folder)
    // What the plugin leaves behind it leaves where it may write.
    try Shell.check(["mkdir", "-p", moons.folder("runs")])
  }

  static func build(_ flags: [String], in folder: TemporaryFolder) throws -> String {
    try compileLibrary(
      [componentsFolder + "/../../TrainyardTests/Isolation/Fixtures/faults.c"], as: "faults", in: folder,
      flags: flags)
  }

  func run(_ more: [(String, String)] = []) throws -> RunReport {
    var moons = moons
    let keys = (options + more).map { "\($0.0): \($0.1)" }.joined(separator: ", ")
    moons.callbacks = "[\(others){plugin: \"\(library)\", \(keys)}]"
    return try moons.plan.run()
  }

  /// A run with the monitor of `faults.c`.
  func run(monitor keys: String) throws -> RunReport {
    try run { $0.setting("monitors", to: try Self.node("[{plugin: \"\(library)\", \(keys)}]")) }
  }

  /// A run on the dataset of `faults.c`.
  func run(dataset keys: String) throws -> RunReport {
    try run {
      $0.setting(path: ["data", "train"], to: try Self.node("{dataset: \"\(library)\", \(keys)}"))
    }
  }

  private func run(_ change: (ConfigNode) throws -> ConfigNode) throws -> RunReport {
    let node = try change(try moons.plan.resolved.node)
    return try Pipeline(node, baseFolder: moons.folder.path).plan().run()
  }

  private static func node(_ text: String) throws -> ConfigNode {
    try ConfigReader.read(text: text, file: "fixture")
  }

  func runWithout() throws -> RunReport {
    var moons = moons
    moons.callbacks = "[\(others)]"
    return try moons.plan.run()
  }

  /// A file that says that the fault has been.
  func marker(_ name: String) -> String { "\"\(moons.folder("runs"))/\(name)\"" }
}

/// What must not differ: the weights, the metrics, how the run ended.
struct Learned: Equatable {
  var weights: [UInt8]
  var metrics: String
  var outcome: String
  var steps: Int

  init(_ report: RunReport) throws {
    let folder = try #require(report.folder)
    weights = try readFile(folder + "/model/weights.safetensors")
    metrics = try readText(folder + "/metrics.csv")
    outcome = report.result.outcome.name + ": " + report.result.reason
    steps = report.result.steps
  }
}
