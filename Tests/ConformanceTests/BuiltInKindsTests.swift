import Conformance
import Support
import Testing

/// The built-in models, monitors and datasets keep the contract, as far as the checker can tell.
@Suite struct BuiltInKindsTests {
  /// The ids of a kind in the package's table of plugins.
  private static func ids(_ kind: String) -> [String] {
    let rows = (try? readText(packageFolder() + "/Package.swift").split(separator: "\n")) ?? []
    return rows.filter { $0.contains("kind: \"\(kind)\", id: \"") }.compactMap { row in
      row.split(separator: "id: \"").last?.split(separator: "\"").first.map(String.init)
    }
  }

  private func check(_ id: String, _ options: [(key: String, text: String)] = []) throws -> CheckReport {
    var request = CheckRequest(try builtLibrary(id))
    request.level = .strict
    request.deadline = .seconds(900)
    request.options = options
    // This build may not be an optimised one, which allocates where a release does not.
    request.skip = ["batch-allocations"]
    return try checker().check(request)
  }

  private func expectClean(_ report: CheckReport, except allowed: Set<String> = []) {
    let found = report.results.filter {
      $0.verdict.outcome != .passed && $0.verdict.outcome != .skipped && !allowed.contains($0.rule.id)
    }
    #expect(found.isEmpty, "\(found.map(\.text).joined(separator: "\n"))")
    let skipped = report.results.filter { $0.verdict.outcome == .skipped }
    #expect(skipped.count < 4, "\(skipped.map(\.text).joined(separator: "\n"))")
  }

  @Test(arguments: ids("Monitors"))
  func `a monitor passes the strict check`(_ id: String) throws { expectClean(try check(id)) }

  static let models: [[(key: String, text: String)]] = [
    [], [("optimizer", "sgd"), ("momentum", "0.5"), ("hidden", "[]")],
    [("optimizer", "rmsprop"), ("dropout", "0.5"), ("hidden", "[8, 4]")],
    [("accumulate_grad_batches", "3"), ("l2", "0.001"), ("clip_norm", "1.0"), ("hidden", "[8]")],
  ]

  @Test(arguments: models.indices)
  func `the model passes the strict check`(_ index: Int) throws {
    expectClean(try check("mlp", Self.models[index]))
  }

  @Test func `every built-in model and dataset is checked`() {
    #expect(Self.ids("Models") == ["mlp"])
    #expect(Self.ids("Datasets") == ["idx", "csv", "npy", "npz", "libsvm", "sqlite", "synthetic"])
    #expect(Self.ids("Monitors").count >= 20)
  }

  @Test func `synthetic passes the strict check`() throws { expectClean(try check("synthetic")) }

  @Test func `csv passes the strict check`() throws {
    let folder = try TemporaryFolder()
    let lines = (0..<30).map { "\($0),\(Double($0) / 7),\(["a", "b", "c"][$0 % 3])" }
    let file = try folder.write("rows.csv", (["x,y,label"] + lines).joined(separator: "\n") + "\n")
    expectClean(try check("csv", [("file", file), ("target", "label")]))
  }

  @Test func `idx passes the strict check`() throws {
    let folder = try TemporaryFolder()
    // Two zeros, the type u8, the number of dimensions, their sizes; 20 images of 2 by 3 and their labels.
    let images = [0, 0, 8, 3] + [20, 2, 3].flatMap { [0, 0, 0, $0] } + (0..<120).map { UInt8($0) }
    let labels = [0, 0, 8, 1, 0, 0, 0, 20] + (0..<20).map { UInt8($0 % 4) }
    let options = [
      ("images", try folder.write("images", images as [UInt8])),
      ("labels", try folder.write("labels", labels as [UInt8])),
    ]
    expectClean(try check("idx", options.map { (key: $0.0, text: $0.1) }))
  }

  static let corpus = packageFolder() + "/Tests/Data/corpus"
  static let others: [(id: String, options: [(key: String, text: String)])] = [
    ("npy", [("features", corpus + "/npy/fortran-i2-big")]),
    ("npy", [("features", corpus + "/npy/f8"), ("weight", corpus + "/npy/weight")]),
    ("npz", [("file", corpus + "/npz/stored.npz"), ("features", "x"), ("target", "y"), ("weight", "w")]),
    ("npz", [("file", corpus + "/npz/deflated.npz"), ("features", "x"), ("target", "y")]),
    ("libsvm", [("file", corpus + "/libsvm/ranking")]),
    ("sqlite", [("file", corpus + "/sqlite/plain"), ("query", "SELECT * FROM t"), ("target", "c")]),
  ]

  @Test(arguments: others.indices)
  func `the other datasets pass the strict check`(_ index: Int) throws {
    expectClean(try check(Self.others[index].id, Self.others[index].options))
  }
}
