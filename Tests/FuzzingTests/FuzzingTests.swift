import Fuzzing
import Glibc
import Support
import Testing

/// Every parser of outside bytes, fed with the corpus and with damaged copies of it, in processes of their own.
/// `make fuzz` does the same with a fuzzer, for as long as one likes.
@Suite struct FuzzingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let corpus = packageFolder() + "/Tests/Data/corpus"

  @Test(arguments: FuzzTarget.all.map(\.name))
  func `no input of the corpus and no damaged one hurts a parser`(_ target: String) throws {
    let files = try fileNames(in: Self.corpus + "/" + target).map { "\(Self.corpus)/\(target)/\($0)" }
    #expect(files.count >= 3, "\(target) has too few seeds")
    let run = try run(target, ["--mutate", "3000", folder("input")] + files)
    guard run.status != 0 else { return }
    let kept = try keep(target)
    Issue.record(
      """
      the parser '\(target)' ended by \(run.status > 128 ? "signal \(run.status - 128)" : "status \(run.status)")
      on the input \(kept)
      which belongs in \(Self.corpus)/\(target) when the parser is mended
      \(run.output.suffix(2000))\(run.errors.suffix(2000))
      """)
  }

  @Test func `each folder of the corpus belongs to a target`() throws {
    #expect(try Set(fileNames(in: Self.corpus)) == Set(FuzzTarget.all.map(\.name)))
  }

  @Test func `damaged copies are the same in every run, and differ from each other`() {
    let seed = Array("{\"a\": [1, 2.5, true], \"b\": \"text\"}".utf8)
    func copies(_ target: String) -> [[UInt8]] {
      var mutator = Mutator(seed: 1, target: target)
      return (0..<200).map { _ in mutator.mutated(seed, others: [seed]) }
    }
    #expect(copies("json") == copies("json"))
    #expect(copies("json") != copies("csv"))
    #expect(Set(copies("json")).count > 150)
  }

  /// What the test above is worth: it must see a trap and a hang, with the input that led there.
  @Test(arguments: [("trap", 2000, SIGILL), ("hang", 0, SIGPROF)])
  func `a fault is seen, and its input kept`(_ fault: (word: String, count: Int, signal: Int32)) throws {
    let good = try folder.write("good", "fine")
    let bad = try folder.write("bad", fault.word + " here")
    let run = try run("broken", ["--mutate", "\(fault.count)", folder("input"), good, bad])
    // A trap is SIGILL on x86-64 and SIGTRAP elsewhere.
    #expect(run.status == 128 + fault.signal || fault.signal == SIGILL && run.status == 128 + SIGTRAP)
    #expect(try readText(folder("input")) == fault.word + " here")
  }

  private func run(_ target: String, _ words: [String]) throws -> Shell.Result {
    let program = try builtFolder() + "/fuzz-runner"
    return try Shell.run(
      [program, target] + words, environment: ["TMPDIR": folder.path, "SWIFT_BACKTRACE": "enable=no"])
  }

  /// Beside the build, for who mends it.
  private func keep(_ target: String) throws -> String {
    let kept = try builtFolder() + "/fuzz-crash-\(target)"
    try Shell.check(["cp", folder("input"), kept])
    return kept
  }

  private func fileNames(in folder: String) throws -> [String] {
    try Shell.check(["ls", folder]).output.split(separator: "\n").map(String.init)
  }
}
