import Glibc
import Support
import Testing
import Trainyard

/// Runs that are left, and taken up by another process.
@Suite struct ResumeTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  private static let pipeline = """
    data: {train: {dataset: synthetic, rows: 90, noise: 0.3}, validation: {fraction: 0.3}}
    model: {plugin: mlp, hidden: [6], dropout: 0.1}
    train: {epochs: 4, batch_size: 8, validation_batch_size: 4, seed: 3}
    monitors: [accuracy, roc-auc]
    callbacks: [{plugin: early-stopping, patience: 9}, csv-logger, {plugin: ema-weights, swap: validation}, ./libstrikes.so]
    output: {folder: runs}
    checkpoints: {every_steps: 3}
    """

  /// Does something terrible after the 17th step, where a file `armed` says so.
  private func begin(_ deed: String) throws {
    try program.folder.write("p.yaml", Self.pipeline)
    _ = try compileComponents(
      "callback_table.on_batch_end = strikes",
      """
      #include <signal.h>
      #include <stdlib.h>
      #include <fcntl.h>
      #include <sys/mman.h>
      #include <unistd.h>
      int kill(int process, int number);
      int usleep(unsigned microseconds);
      int ftruncate(int file, long size);
      static void reads_what_is_gone(void) {
        int file = open("mapped", O_RDWR | O_CREAT, 0600);
        if (ftruncate(file, 8192) != 0) return;
        const volatile char *bytes = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, file, 0);
        if (ftruncate(file, 100) == 0) (void)bytes[5000];
      }
      static __attribute__((noinline)) int deep(void) {
        volatile char much[64 << 20];
        much[0] = 1;
        return much[0];
      }
      static ty_status strikes(void *self, const ty_event *event) {
        (void)self;
        if (event->step < 17 || unlink("armed") != 0) return TY_OK;
        \(deed);
        (void)deep, (void)reads_what_is_gone;
        return TY_OK;
      }
      """, as: "strikes", in: program.folder)
    #expect(try program.run("run p.yaml --quiet --name whole").status == 0)
    try program.folder.write("armed", "")
  }

  private func result(_ run: String) throws -> [String: [String]] { try program.left("runs/\(run)") }

  static let endings: [(deed: String, status: Int32, words: String)] = [
    (
      "raise(SIGKILL)", 137,
      "the process before was killed, or the machine stopped: nothing is known of what it was doing"
    ),
    (
      "*(volatile int *)8 = 1", 139,
      "the process before crashed in callback 'a-callback', on_batch_end: Segmentation fault"
    ),
    ("abort()", 134, "the process before crashed in callback 'a-callback', on_batch_end: Aborted"),
    (
      "reads_what_is_gone()", 135,
      "the process before crashed in callback 'a-callback', on_batch_end: Bus error: byte 5000 of 'FOLDER/mapped' was "
        + "gone, as when a file is made shorter while it is read"
    ),
    // Without a stack to tell it on.
    (
      "deep()", 139,
      "the process before crashed in callback 'a-callback', on_batch_end: Segmentation fault"
    ),
  ]

  @Test(arguments: endings)
  func `a run that died is taken up, and ends as one that did not`(
    _ ending: (deed: String, status: Int32, words: String)
  ) throws {
    try begin(ending.deed)
    // Backtraces, where Swift makes them, come from another handler and take their time.
    let died = try program.run("run p.yaml --quiet --name one", after: "export SWIFT_BACKTRACE=enable=no")
    #expect(died.status == ending.status)
    let answer = try program.run("resume runs/one")
    #expect(answer.status == 0)
    #expect(
      answer.errors.contains(
        #/^warning: (?<words>.*)\nresuming 'runs\/one' in epoch \d, after \d+ batch(es)?\n/#), "\(answer)")
    #expect(answer.errors.hasPrefix("warning: \(ending.words)\n"))
    #expect(try result("one") == result("whole"))
    #expect(!(try program.files("runs/one").contains("resume")))
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func `a run that was interrupted is found by its pipeline and goes on`(_ signal: Int32) throws {
    // Waits until the signal has been seen: one batch more at most.
    try begin("kill(getpid(), \(signal)); usleep(1500000)")
    let answer = try program.run("run p.yaml --set checkpoints.every_steps=1000 --name one")
    #expect(answer.status == 130)
    #expect(try program.files("runs/one").contains("resume/00000001/manifest.txt"))
    let again = try program.run("run p.yaml --resume")
    #expect(again.status == 0)
    // It came to its end in order: there is nothing to warn of.
    #expect(again.errors == "resuming 'FOLDER/runs/one' in epoch 3, after 1 batch\n")
    #expect(try result("one") == result("whole"))
  }

  @Test func `of two unfinished runs the one that was begun last goes on, whatever the times of files say`()
    throws
  {
    try begin("raise(SIGKILL)")
    for name in ["first", "second"] {
      try program.folder.write("armed", "")
      #expect(try program.run("run p.yaml --quiet --name \(name)").status == 137)
    }
    // As a copy or a backup leaves them.
    try Shell.check(["find", program.folder("runs/first"), "-exec", "touch", "-d", "2037-01-01", "{}", "+"])
    try Shell.check(["find", program.folder("runs/second"), "-exec", "touch", "-d", "2001-01-01", "{}", "+"])
    let second = try program.run("run p.yaml --resume")
    #expect(second.status == 0 && second.errors.contains("resuming 'FOLDER/runs/second'"), "\(second)")
    let first = try program.run("run p.yaml --resume")
    #expect(first.status == 0 && first.errors.contains("resuming 'FOLDER/runs/first'"), "\(first)")
    #expect(try result("second") == result("whole") && result("first") == result("whole"))
  }

  @Test func `there must be a run to resume, and of this config`() throws {
    try begin("raise(SIGKILL)")
    #expect(
      try program.run("run p.yaml --resume")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: there is no unfinished run in 'FOLDER/runs'
              help:  leave out --resume to begin one

            """))
    #expect(
      try program.run("resume runs/whole")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: there is nothing to resume in 'runs/whole': it has no checkpoint
              help:  a run that has finished removes its checkpoints, unless checkpoints.keep_finished is true

            """))
    #expect(try program.run("run p.yaml --quiet --name one").status == 137)
    #expect(
      try program.run("run p.yaml --resume --set model.hidden=[7] --epochs 9")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: the config is not that of the run 'FOLDER/runs/one': it differs in model.hidden[0], train.epochs
              help:  resume it as it was begun with `trainyard resume FOLDER/runs/one`, or go on with the new config by --allow-changes

            """))
    let longer = try program.run("run p.yaml --resume --epochs 6 --allow-changes --quiet")
    #expect(longer.status == 0)
    #expect(longer.output.contains("epochs    6 of 6"))
    let rows = try readText(program.folder("runs/one/metrics.csv")).split(separator: "\n")
    let whole = try readText(program.folder("runs/whole/metrics.csv")).split(separator: "\n")
    #expect(rows.count == 7 && Array(rows.prefix(5)) == whole)
  }

  /// Of a table that somebody has edited meanwhile: one value, or one name.
  @Test(arguments: [("30,1.5,b", "30,1.6,b"), ("30,1.5,b", "30,1.5,c")])
  func `data with as many rows and other values is noticed`(before: String, after: String) throws {
    let rows = (0..<60).map { "\($0),\(Double($0 * 37 % 60) / 20),\(["a", "b"][$0 % 2])" }
    func table(_ row: String) -> String {
      (["id,x,y"] + rows.map { $0.hasPrefix("30,") ? row : $0 }).joined(separator: "\n") + "\n"
    }
    try program.folder.write("t.csv", table(before))
    let line = "run --data csv:file=t.csv,target=y --model mlp:hidden=[4] --batch-size 8 --name one --quiet"
    #expect(try program.run("\(line) --epochs 2 --set checkpoints.keep_finished=true").status == 0)
    try program.folder.write("t.csv", table(after))
    #expect(
      try program.run("resume runs/one --epochs 3 --quiet")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: the data is not that of the run 'runs/one': dataset 'csv' has as many rows as it had, with other values or names in them
              help:  resume the run with the data that it was begun with, or go on with what is there now by --allow-changes

            """))
    // A third class is another model.
    guard after.hasSuffix("b") else { return }
    let allowed = try program.run("resume runs/one --epochs 3 --quiet --allow-changes")
    #expect(allowed.status == 0)
    #expect(allowed.errors.hasPrefix("warning: the data is not that of the run 'runs/one': "), "\(allowed)")
    // It is the run's data from here on.
    #expect(try program.run("resume runs/one --epochs 4 --quiet").status == 0)
    try program.folder.write("t.csv", table(before))
    #expect(try program.run("resume runs/one --epochs 5 --quiet").status == 2)
  }

  @Test func `a finished run that has kept its checkpoint is given more epochs`() throws {
    try begin("(void)0")
    let keeps = "--set checkpoints.keep_finished=true --quiet"
    #expect(try program.run("run p.yaml \(keeps) --name one --epochs 2").status == 0)
    #expect(
      try program.run("resume runs/one")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: the run 'runs/one' has finished: all its 2 epochs ran
              help:  give it more with --epochs

            """))
    #expect(try program.run("resume runs/one --epochs 4 --quiet").status == 0)
    let (one, whole) = (try result("one"), try result("whole"))
    #expect(one["metrics.csv"] == whole["metrics.csv"] && one["log.csv"] == whole["log.csv"])
    #expect(one["model/weights.safetensors"] == whole["model/weights.safetensors"])
  }

  @Test func `a checkpoint that cannot be written is a warning, and an error where the run ends with it`()
    throws
  {
    try begin("kill(getpid(), SIGTERM); usleep(1500000)")
    // The weights take 530 kB, and what the optimizer keeps twice as much.
    let large = "run p.yaml --name one --set model.hidden=[360,360] --set checkpoints.every_steps=100 --quiet"
    let words = "FOLDER/runs/one/resume/00000001/tensors.safetensors': File too large"
    let failed = try program.run(large, after: "ulimit -f 800")
    #expect(failed.status == 1)
    #expect(
      failed.errors
        == """
        error: the checkpoint failed in write, epoch 3, batch 1: cannot write '\(words)
          help:  raise the limit of file sizes (ulimit -f), or choose a disk that takes larger files

        """, "\(failed)")
    try Shell.check(["rm", "-r", program.folder("runs/one")])
    let warned = try program.run(
      large.replacing("every_steps=100", with: "every_epochs=3"), after: "ulimit -f 800")
    #expect(warned.status == 0)
    #expect(
      warned.errors.hasPrefix(
        "warning: a checkpoint was not written: cannot write '\(words); raise the limit of file sizes"),
      "\(warned)")
    #expect(!(try program.files("runs/one").contains { $0.hasPrefix("resume") }))
  }

  @Test func `a run that goes on in another process is left alone`() throws {
    try begin("for (;;) sleep(1)")
    let run = try program.start("run p.yaml --quiet --name one")
    for _ in 0..<30_000
    where try program.files("runs/one/resume").filter({ $0.hasSuffix("manifest.txt") }).isEmpty {
      usleep(10_000)
    }
    #expect(
      try program.run("resume runs/one")
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: the run 'runs/one' is going on in another process
              help:  wait for its end, or end it

            """))
    run.signal(SIGKILL)
  }

  @Test func `a reader that goes away does not take the run with it`() throws {
    try begin("(void)0")
    let program = "'\(try builtFolder())/trainyard' run p.yaml --name one"
    let result = try Shell.run(
      ["bash", "-c", "\(program) 2>&1 | true; echo ${PIPESTATUS[0]}"], in: self.program.folder.path)
    #expect(result.output == "0\n")
    #expect(try self.program.json("runs/one/summary.json").at("outcome")?.string == "finished")
  }

  @Test(.enabled(if: access("/usr/bin/python3", X_OK) == 0))
  func `runs that are killed at random points end as if they had not been`() throws {
    let source = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let answer = try Shell.run(
      [
        "/usr/bin/python3", "/\(source)/Soak/soak.py", "--kills", "8", "--seed", "7", "--only", "stopped",
        "--only",
        "max-steps", "--program", try builtFolder() + "/trainyard",
      ], in: program.folder.path)
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
    #expect(answer.output.hasSuffix(" passed, 0 failed\n"))
  }
}
