import ArgumentParser
import Trainyard

/// `trainyard traces`: recorded decisions of other training programs, replayed through our callbacks.
struct TracesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "traces", abstract: "Compares callbacks with recorded decisions of Keras and Lightning.",
    discussion: """
      Each line of a *.jsonl file is a case: a callback's configuration, what it is shown, and what must come out. \
      Cases that differ are named, with what was expected and found. The last line counts them; the exit status is \
      1 unless all passed.
      """)

  @Argument(help: "A folder of *.jsonl files, or one file.", completion: .directory)
  var path: String
  @Option(
    name: .customLong("plugins"),
    help: ArgumentHelp("A folder to search first; repeated.", valueName: "folder"))
  var pluginFolders: [String] = []
  @Flag(help: "A line for each kind, with its cases passed and failed.")
  var kinds = false

  func run() throws {
    var passed = 0
    var failed = 0
    var counts: [(kind: String, passed: Int, failed: Int)] = []
    let runner = TraceRunner(pluginFolders: pluginFolders)
    for file in try TraceRunner.files(path) {
      try runner.run(try TraceCase.read(file)) { verdict in
        let isPass = verdict.outcome == .passed
        passed += isPass ? 1 : 0
        failed += isPass ? 0 : 1
        if let index = counts.firstIndex(where: { $0.kind == verdict.trace.kind }) {
          counts[index].passed += isPass ? 1 : 0
          counts[index].failed += isPass ? 0 : 1
        } else {
          counts.append((verdict.trace.kind, isPass ? 1 : 0, isPass ? 0 : 1))
        }
        if !isPass { print(text(verdict)) }
      }
    }
    if kinds {
      for count in counts { print("\(count.kind): \(count.passed) passed, \(count.failed) failed") }
    }
    print("\(passed) passed, \(failed) failed")
    if failed > 0 { throw ExitStatus.failed }
  }

  private func text(_ verdict: TraceRunner.Verdict) -> String {
    let pending = verdict.outcome == .pending ? " (its plugin is not there yet)" : ""
    return "\(verdict.trace.name)\(pending): \(verdict.trace.position)\n"
      + verdict.differences.map { "  \($0)" }.joined(separator: "\n")
  }
}
