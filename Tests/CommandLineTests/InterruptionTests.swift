import Glibc
import Support
import Testing

/// Ctrl-C, SIGTERM, a terminal that goes away, and readers that do.
@Suite struct InterruptionTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  @Test(arguments: [SIGINT, SIGTERM])
  func `an interrupted run ends in order, with status 130`(_ signal: Int32) throws {
    let run = try program.start(
      "run --data synthetic:rows=500 --model mlp:hidden=[8] --epochs 1000000 --name one --callback csv-logger"
    )
    try waitFor("runs/one/metrics.csv")
    run.signal(signal)
    let answer = program.answer(try run.wait())
    #expect(answer.status == 130)
    #expect(answer.errors == "")
    #expect(
      answer.output.replacing(#/(in|after) epoch \d+ of/#, with: "in epoch N of")
        .hasPrefix("\noutcome   interrupted in epoch N of 1000000\nepochs    "), "\(answer.output)")
    let files = try program.files("runs/one")
    #expect(files.filter { !$0.hasPrefix("resume") } == (TrainyardProgram.runFiles + ["log.csv"]).sorted())
    #expect(files.contains("resume/00000001/manifest.txt"), "it can be taken up")
    #expect(try program.json("runs/one/summary.json").at("outcome")?.string == "interrupted")
  }

  @Test func `a second Ctrl-C ends a run that does not answer the first`() throws {
    // A hook that never returns.
    _ = try compileComponents(
      "callback_table.on_batch_begin = waits",
      """
      #include <stdio.h>
      #include <unistd.h>
      static ty_status waits(void *self, const ty_event *event) {
        (void)self, (void)event;
        FILE *file = fopen("waiting", "w");
        if (file != NULL) fclose(file);
        for (;;) sleep(1);
        return TY_OK;
      }
      """, as: "waiting", in: program.folder)
    let run = try program.start(
      "run --data synthetic:rows=64 --model mlp --name one --callback ./libwaiting.so")
    try waitFor("waiting")
    run.signal(SIGINT)
    #expect(try run.poll(seconds: 1.5) == nil)
    // Two of a kind that wait together are one.
    while try readText("/proc/\(run.processID)/status").split(separator: "\n").contains(where: {
      $0.hasPrefix("ShdPnd:") && !$0.hasSuffix("0000000000000000")
    }) { usleep(10_000) }
    run.signal(SIGINT)
    let result = try run.wait()
    #expect(result.status == 130)
    #expect(try program.files("runs/one").filter { $0.hasSuffix(".part") } == [])
  }

  @Test func `a run that was begun with nohup outlives its terminal, and still ends on SIGTERM`() throws {
    let line = "run --data synthetic:rows=500 --model mlp:hidden=[8] --epochs 1000000 --name one --quiet"
    let run = try program.start(line, after: "trap '' HUP")
    try waitFor("runs/one/metrics.csv")
    for _ in 0..<3 { run.signal(SIGHUP) }
    #expect(try run.poll(seconds: 1.5) == nil)
    run.signal(SIGTERM)
    #expect(try run.wait().status == 130)
    #expect(try program.json("runs/one/summary.json").at("outcome")?.string == "interrupted")
  }

  private static let short = "--data synthetic:rows=64 --model mlp:hidden=[] --epochs 2"
  static let commands: [(line: String, summary: String, outcome: String)] = [
    ("run \(short) --name one", "runs/one/summary.json", "finished"),
    ("cross-validate \(short) --name cv --folds 2", "runs/cv/summary.json", "finished"),
    ("search p.yaml --name s", "runs/s/summary.json", "finished"),
  ]

  @Test(arguments: commands, ["2>&1 | true", ">&-", "2>&-", "<&- >&- 2>&-"])
  func `whoever goes away does not take the training along`(
    command: (line: String, summary: String, outcome: String), reader: String
  ) throws {
    try program.folder.write(
      "p.yaml",
      """
      data: {train: {dataset: synthetic, rows: 64}}
      model: {plugin: mlp, hidden: []}
      train: {epochs: 2}
      search: {trials: 2, metric: loss, parameters: {model.learning_rate: [0.1, 0.01]}}

      """)
    let script = "'\(try builtFolder())/trainyard' \(command.line) \(reader); echo ${PIPESTATUS[0]} > status"
    _ = try Shell.run(["bash", "-c", script], in: program.folder.path)
    #expect(try readText(program.folder("status")) == "0\n")
    #expect(try program.json(command.summary).at("outcome")?.string == command.outcome)
    // What would have been said is in no file that was opened in the place of a stream.
    let found = try Shell.run(["grep", "-rlE", "^outcome   |^trial +loss", "runs"], in: program.folder.path)
    #expect(found.output == "")
  }

  /// Answers of a few lines, and of more than C's streams keep back.
  @Test(arguments: ["--version", "list", "list --json", "schema", "inspect mlp --json"])
  func `a command whose answer nobody can read says so`(command: String) throws {
    let closed = try program.run(command, after: "exec >&-")
    let words = "error: cannot write to 'standard output': "
    #expect(closed == TrainyardProgram.Answer(status: 2, errors: words + "Bad file descriptor\n"))
    let full = try program.run(command, after: "exec >/dev/full")
    #expect(full.status == 2 && full.errors.hasPrefix(words + "No space left on device\n"), "\(full)")
  }

  /// Not by the clock: by what is there. The figures of memory and time are those of `make memory`.
  @Test func `ten thousand epochs are all there, also when the run was left among them`() throws {
    let line =
      "run --data synthetic:rows=16 --model mlp:hidden=[] --batch-size 16 --callback csv-logger --quiet"
    let keeps = "--set checkpoints.every_epochs=500 --set checkpoints.keep_finished=true"
    #expect(try program.run("\(line) \(keeps) --name one --epochs 6000").status == 0)
    #expect(try program.run("resume runs/one --epochs 10000 --quiet").status == 0)
    for name in ["metrics.csv", "log.csv"] {
      let rows = try readText(program.folder("runs/one/\(name)")).split(whereSeparator: \.isNewline)
      #expect(rows.count == 10_001, "\(name)")
      #expect(rows.dropFirst().enumerated().allSatisfy { $1.hasPrefix("\($0),") }, "\(name)")
    }
    let ends = try readText(program.folder("runs/one/events.jsonl")).split(separator: "\n")
      .count { $0.contains("\"event\": \"on_epoch_end\"") }
    #expect(ends == 10_000)
    let shown = try program.run("runs show one")
    #expect(
      shown.output.contains("6000, 6000 steps") || shown.output.contains("10000, 10000 steps"), "\(shown)")
  }

  private func waitFor(_ name: String) throws {
    for _ in 0..<60_000 {
      if access(program.folder(name), F_OK) == 0 { return }
      usleep(10_000)
    }
    throw TestError("\(name) did not appear within a minute")
  }
}
