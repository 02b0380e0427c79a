import Baselines
import Glibc
import PluginHost
import Support
import Trainyard

/// What the cases share: sizes, a folder for their files, the libraries of `Benchmarks/Plugins`, and runs of the host.
final class Bench {
  let rounds: Int
  /// As small as it gets: shows that everything works, and nothing else.
  let isSmoke: Bool
  let folder: TemporaryFolder
  /// Where the program and its plugins are.
  let built: String

  /// What the lines wanted have in their names; empty: all.
  let pattern: String

  init(rounds: Int, isSmoke: Bool, pattern: String) throws {
    self.rounds = rounds
    self.pattern = pattern
    self.isSmoke = isSmoke
    folder = try TemporaryFolder()
    built = try builtFolder()
  }

  /// Of the lines that cost time of their own: whether the pattern names it, or its whole case.
  func isWanted(_ line: String) -> Bool {
    line.contains(pattern) || pattern.isEmpty || Line.named(line)?.group.contains(pattern) == true
  }

  /// A size, or the least one that works.
  func size(_ full: Int, smoke: Int) -> Int { isSmoke ? smoke : full }

  // MARK: Libraries

  private var libraries: [String: String] = [:]

  /// The path of `bench-noop`, `bench-quiet`, `bench-meter` or `bench-gaps`.
  func plugin(_ id: String) throws -> String {
    let kind = id.split(separator: "-").last.map { $0.uppercased() } ?? ""
    return try library(id) { path in
      try cc(["-shared", "-fPIC", "-fvisibility=hidden", "-D\(kind)", source("callbacks.c"), "-o", path])
    }
  }

  /// Counts allocations, for LD_PRELOAD.
  func allocationCounter() throws -> String {
    try library("allocations") { try cc(["-shared", "-fPIC", source("allocations.c"), "-o", $0]) }
  }

  func floorProgram() throws -> String {
    try library("floor") { try cc([source("floor.c"), "-o", $0, "-ldl"]) }
  }

  /// A callback in Swift, built as an author without SwiftPM would: with the built module and its objects.
  func swiftPlugin() throws -> String {
    try library("bench-swift-noop") { path in
      let objects = try Shell.check(["sh", "-c", "ls \(built)/PluginKit.build/*.swift.o"]).output
        .split(separator: "\n").map(String.init)
      try Shell.check(
        ["swiftc", "-O", "-wmo", "-swift-version", "6", "-parse-as-library", "-module-name", "SwiftNoop"]
          + ["-emit-library", "-I", built + "/Modules", "-I", headerFolder]
          + [
            "-Xcc", "-fmodule-map-file=\(built)/CTrainyard.build/module.modulemap", source("SwiftNoop.swift"),
          ]
          + objects + ["-o", path])
    }
  }

  private func library(_ name: String, _ build: (String) throws -> Void) throws -> String {
    if let path = libraries[name] { return path }
    let path = folder("lib\(name).so")
    try build(path)
    libraries[name] = path
    return path
  }

  private func source(_ name: String) -> String { packageFolder() + "/Benchmarks/Plugins/" + name }

  private func cc(_ words: [String]) throws {
    try Shell.check(["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-pedantic", "-I", headerFolder] + words)
  }

  // MARK: Runs

  func pipeline(_ text: String) throws -> Pipeline {
    let start = SourcePosition(file: "pipeline", line: 1, column: 1)
    var pipeline = try Pipeline(try ConfigReader.read(text: text, at: start))
    pipeline.searchFirst([built])
    return pipeline
  }

  /// A plan from a pipeline as text; without a run folder unless one is named.
  func plan(_ text: String, folder: String? = nil) throws -> Plan {
    var plan = try pipeline(text).plan()
    plan.output.folder = folder
    return plan
  }

  /// Callbacks of one library, as YAML: `count` instances with names of their own.
  func callbacks(_ library: String, _ count: Int) -> String {
    "[" + (0..<count).map { "{plugin: \(library), name: c\($0)}" }.joined(separator: ", ") + "]"
  }

  /// 4-8-1 with plain SGD on made data.
  func tiny(batches: Int, epochs: Int, callbacks: String = "[]") -> String {
    """
    data: {train: {dataset: synthetic, shape: linear, features: 4, rows: \(32 * batches)}}
    model: {plugin: mlp, hidden: [8], optimizer: sgd, learning_rate: 0.01}
    train: {epochs: \(epochs), batch_size: 32}
    callbacks: \(callbacks)
    """
  }

  /// Seconds of each epoch of a fit, which must succeed.
  static func epochs(_ report: RunReport) throws -> [Double] {
    if let failure = report.result.failure { throw failure }
    return report.result.epochs.map(\.seconds)
  }

  // MARK: Processes

  /// Runs the program `trainyard` until it ends; gives what its bench-meter noted, and when it was started.
  func meter(_ pipeline: String, at batches: [Int] = [], counting: Bool = false) throws -> Meter {
    var environment = ["TRAINYARD_METER_AT": batches.map(String.init).joined(separator: ",")]
    if counting { environment["LD_PRELOAD"] = try allocationCounter() }
    let start = baseline_now()
    return try Meter(notes(pipeline, environment), start: start)
  }

  /// Likewise for a pipeline with bench-gaps.
  func gaps(_ pipeline: String) throws -> Gaps { try Gaps(notes(pipeline, [:])) }

  private func notes(_ pipeline: String, _ environment: [String: String]) throws -> JSONValue {
    let file = try folder.write("metered.yaml", pipeline)
    let notes = folder("meter.json")
    let result = try Shell.run(
      [built + "/trainyard", "run", file, "--quiet"], in: folder.path,
      environment: environment.merging(["TRAINYARD_METER": notes]) { $1 })
    guard result.status == 0 else { throw TestError("trainyard run failed:\n\(result.errors)") }
    return try JSONValue(parsing: try readText(notes), from: notes)
  }

  /// What bench-gaps noted, in seconds.
  struct Gaps {
    /// Between two batches.
    let gaps: [Double]
    /// From the end of the first batch to the begin of the last, divided by the batches in between.
    let perBatch: Double

    init(_ json: JSONValue) throws {
      guard let batches = json["batches"]?.double, let total = json["total"]?.double,
        let gaps = json["gaps"]?.array, !gaps.isEmpty
      else { throw TestError("bench-gaps noted nothing") }
      self.gaps = gaps.map { ($0.double ?? .nan) / 1e9 }
      perBatch = total / 1e9 / batches
    }
  }

  /// What bench-meter noted.
  struct Meter {
    struct Mark {
      let batch: Int64
      /// KiB.
      let resident: Double
      let allocations: Double
    }
    /// From the start of the process, in seconds.
    let firstBatch: Double
    /// KiB.
    let peak: Double
    let marks: [Mark]

    init(_ json: JSONValue, start: Double) throws {
      guard let first = json["first_batch"]?.double, let peak = json["peak"]?.double,
        let marks = json["marks"]?.array
      else { throw TestError("bench-meter noted nothing") }
      firstBatch = first / 1e9 - start
      self.peak = peak
      self.marks = marks.map {
        Mark(
          batch: $0["batch"]?.int ?? 0, resident: $0["resident"]?.double ?? .nan,
          allocations: $0["allocations"]?.double ?? .nan)
      }
    }
  }
}

/// Where Debian puts Fashion-MNIST.
enum FashionMNIST {
  static let folder = "/usr/share/datasets/fashion-mnist/"
  static var isThere: Bool { access(folder + "train-images-idx3-ubyte.gz", R_OK) == 0 }

  static func dataset(_ part: String, limit: Int? = nil) -> String {
    let limit = limit.map { ", limit: \($0)" } ?? ""
    return "{dataset: idx, images: \(folder)\(part)-images-idx3-ubyte.gz, "
      + "labels: \(folder)\(part)-labels-idx1-ubyte.gz\(limit)}"
  }
}
