import Glibc
import Support
import Testing
import Trainyard

/// The suite of the release build; `nil`: it is not built.
private let releaseProgram: String? = {
  guard let built = try? builtFolder() else { return nil }
  let program = built + "/../release/trainyard-bench"
  return access(program, X_OK) == 0 ? program : nil
}()

/// The benchmarks as people run them, as small as they get. Nothing here depends on time.
@Suite(.serialized) struct BenchmarkTests {
  private func program(_ words: String...) throws -> Shell.Result {
    try Shell.run([try builtFolder() + "/trainyard-bench"] + words)
  }

  private func lines(_ text: String) throws -> [JSONValue] {
    try text.split(separator: "\n").map { try JSONValue(parsing: String($0), from: "bench.jsonl") }
  }

  @Test func `every case gives a line with the right fields`() throws {
    let result = try program("--smoke")
    #expect(result.status == 0, "\(result.errors)")
    let figures = try lines(result.output)
    for figure in figures {
      let name = figure["name"]?.string ?? ""
      #expect(figure["value"]?.double != nil, "\(name)")
      #expect(figure["unit"]?.string != nil, "\(name)")
      #expect(figure["goal"] == .null || figure["goal"]?.string != nil, "\(name)")
      #expect((figure["goal"] == .null) == (figure["reached"] == .null), "\(name)")
      #expect(figure["rounds"]?.int ?? 0 >= 1, "\(name)")
      #expect(figure["machine"]?.string?.contains("cores") == true, "\(name)")
    }
    let measured = Set(figures.compactMap { $0["name"]?.string })
    #expect(measured.count == figures.count)
    let listed = Set(
      try program("--list").output.split(separator: "\n").compactMap { line in
        line.split(separator: "\t").dropFirst().first.map(String.init)
      })
    var missing = listed.subtracting(measured)
    if !dataIsThere { missing.subtract(["start-unpacking", "fashion-1", "fashion-2", "wide-1", "wide-2"]) }
    if !dataIsThere { missing.subtract(["accuracy", "memory-peak"]) }
    // Those that not every processor has.
    missing.subtract(["fashion-bf16", "wide-bf16", "accuracy-bf16"])
    #expect(missing == [])
  }

  private var dataIsThere: Bool {
    (try? readFile("/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz")) != nil
  }

  /// Of the whole process, with accuracy, mlp and the built-in callbacks that work in each batch; once with the loader's
  /// thread and once without. True of optimised code only, so it is the release build that is looked at, where there is
  /// one: `.ci/run` makes it first.
  @Test(.enabled(if: releaseProgram != nil))
  func `a batch allocates nothing`() throws {
    let program = try #require(releaseProgram)
    let figures = try lines(try Shell.check([program, "--smoke", "--only", "memory"]).output)
    let figure = try #require(figures.first { $0["name"]?.string == "allocations" })
    #expect(figure["parts"]?["off"]?.double == 0)
    #expect(figure["parts"]?["on"]?.double == 0)
  }

  @Test func `the page is filled, and keeps the lines that were not measured`() throws {
    let folder = try TemporaryFolder()
    let page = try folder.write(
      "performance.md",
      "Before\n<!-- begin: figures -->\nSTALE\n<!-- end: figures -->\n"
        + "<!-- begin: growth -->\n<!-- end: growth -->\nAfter\n")
    let records = folder("bench.jsonl")
    let loading = try program("--smoke", "--only", "loading", "--output", records, "--page", page)
    #expect(loading.status == 0, "\(loading.errors)")
    let foreign = try program("--smoke", "--only", "foreign", "--output", records, "--page", page)
    #expect(foreign.status == 0, "\(foreign.errors)")
    let text = try readText(page)
    #expect(text.hasPrefix("Before\n<!-- begin: figures -->\n"))
    #expect(text.hasSuffix("<!-- end: growth -->\nAfter\n"))
    #expect(!text.contains("STALE"))
    for name in ["Loading 100 plugins", "libffi"] {
      let row = text.split(separator: "\n").first { $0.contains(name) }
      #expect(row.map { !$0.contains("not measured yet") } == true, "\(name)")
    }
    #expect(
      text.contains(
        "| What Fashion-MNIST adds to it (784-128-10), beside zcat of the same files | not measured"))
    #expect(try lines(readText(records)).count >= 3)
  }

  @Test(arguments: [["--only", "nothing-like-this"], ["--rounds", "none"], ["--unknown"]])
  func `a wrong command line is refused in words`(words: [String]) throws {
    let result = try Shell.run([try builtFolder() + "/trainyard-bench"] + words)
    #expect(result.status == 1)
    #expect(result.errors.hasPrefix("error: "))
  }
}
