import Glibc
import Support
import Testing

/// Ctrl-C and SIGTERM.
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
    let answer = program.answer(try run.wait(seconds: 60))
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
    #expect(try run.poll(seconds: 0.3) == nil)
    run.signal(SIGINT)
    let result = try run.wait(seconds: 60)
    #expect(result.status == 130)
    #expect(try program.files("runs/one").filter { $0.hasSuffix(".part") } == [])
  }

  private func waitFor(_ name: String) throws {
    for _ in 0..<6000 {
      if access(program.folder(name), F_OK) == 0 { return }
      usleep(10_000)
    }
    throw TestError("\(name) did not appear within a minute")
  }
}
