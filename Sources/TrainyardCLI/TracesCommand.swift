import ArgumentParser
import Trainyard

/// `trainyard traces`: recorded decisions of other training programs, replayed through our callbacks.
struct TracesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "traces", abstract: "Compares callbacks with recorded decisions of Keras and Lightning.",
    discussion: """
      Each line of a *.jsonl file is a case: a callback's configuration, what it is shown, and what must come out. \
      Cases that differ are named, with what was expected and found; so are lines and files that cannot be read, and \
      they count as failed. The last line counts all; the exit status is 1 unless there are cases and all passed.
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
    let files = TraceRunner.files(path)
    for file in files {
      var traces: [TraceCase] = []
      try TraceCase.read(file) { line in
        switch line {
        case .success(let trace): traces.append(trace)
        case .failure(let fault):
          failed += 1
          try StandardOutput.line("no case: \(fault.place)\n  \(fault.words)")
        }
      }
      try runner.run(traces) { verdict in
        let isPass = verdict.outcome == .passed
        passed += isPass ? 1 : 0
        failed += isPass ? 0 : 1
        if let index = counts.firstIndex(where: { $0.kind == verdict.trace.kind }) {
          counts[index].passed += isPass ? 1 : 0
          counts[index].failed += isPass ? 0 : 1
        } else {
          counts.append((verdict.trace.kind, isPass ? 1 : 0, isPass ? 0 : 1))
        }
        if !isPass { try StandardOutput.line(text(verdict)) }
      }
    }
    if kinds {
      for count in counts {
        try StandardOutput.line("\(count.kind): \(count.passed) passed, \(count.failed) failed")
      }
    }
    try StandardOutput.line("\(passed) passed, \(failed) failed")
    if passed + failed == 0 {
      let place = files.isEmpty ? "there is no *.jsonl file in '\(path)'" : "there is no case in '\(path)'"
      ErrorReport.write(ErrorReport.lines(place, help: "check the path of the traces") + "\n", to: 2)
    }
    if failed > 0 || passed == 0 { throw ExitStatus.failed }
  }

  private func text(_ verdict: TraceRunner.Verdict) -> String {
    let pending = verdict.outcome == .pending ? " (its plugin is not there yet)" : ""
    return "\(verdict.trace.name)\(pending): \(verdict.trace.position)\n"
      + verdict.differences.map { "  \($0)" }.joined(separator: "\n")
  }
}
