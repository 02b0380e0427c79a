import Support
import Testing

/// `trainyard lock`: what was compared is what runs, and nothing else.
@Suite struct LockTests {
  private let program: TrainyardProgram

  /// A callback that is linked against a library beside it, and a pipeline that names it.
  init() throws {
    program = try TrainyardProgram()
    try makeNeed(answer: 42)
    let folder = program.folder
    _ = try compileComponents(
      "", "int need_answer(void);\nint used(void) { return need_answer(); }", as: "mine", in: folder,
      linking: ["-Wl,--no-as-needed", "-L\(folder.path)", "-lneed", "-Wl,-rpath,$ORIGIN"])
    try folder.write(
      "p.yaml",
      Array(
        """
        data: {train: {dataset: synthetic, shape: moons, rows: 64}}
        model: {plugin: mlp, hidden: [2]}
        train: {epochs: 1}
        callbacks: [./libmine.so]
        """.utf8))
  }

  private func makeNeed(answer: Int) throws {
    let source = try program.folder.write(
      "need.c", Array("int need_answer(void) { return \(answer); }\n".utf8))
    try Shell.check(
      ["cc", "-shared", "-fPIC", source, "-Wl,-soname,libneed.so", "-o", program.folder("libneed.so")])
  }

  private func lock() throws {
    let answer = try program.run("lock p.yaml")
    #expect(answer.status == 0, "\(answer)")
    #expect(answer.output.contains("libneed.so, which it needs"), "\(answer)")
    #expect(answer.output.contains("FOLDER/trainyard.lock: 3 libraries"), "\(answer)")
  }

  /// In this process and in a helper.
  static let isolation = ["none", "all"]

  @Test(arguments: isolation)
  func `a pipeline whose libraries are what was locked runs`(isolation: String) throws {
    try lock()
    let answer = try program.run("run p.yaml --locked --set isolation=\(isolation)")
    #expect(answer.status == 0, "\(answer)")
  }

  @Test(arguments: isolation)
  func `a library that was changed since is not opened`(isolation: String) throws {
    try lock()
    try Shell.check(["sh", "-c", "printf x >> libmine.so"], in: program.folder.path)
    let answer = try program.run("run p.yaml --set isolation=\(isolation)")
    #expect(answer.status == 2)
    #expect(
      answer.errors.contains("cannot load plugin './libmine.so': it is not what the lock file"), "\(answer)")
  }

  @Test(arguments: isolation)
  func `a library that another one needs is compared, too`(isolation: String) throws {
    try lock()
    try makeNeed(answer: 43)
    let answer = try program.run("run p.yaml --set isolation=\(isolation)")
    #expect(answer.status == 2)
    #expect(answer.errors.contains("'libneed.so', which it needs, is not what the lock file"), "\(answer)")
  }

  @Test func `a plugin that is not in the lock is not opened`() throws {
    try lock()
    let answer = try program.run("run p.yaml --callback progress")
    #expect(answer.status == 2)
    #expect(
      answer.errors.contains("libprogress.so': it is not in the lock file 'FOLDER/trainyard.lock'"),
      "\(answer)")
  }

  @Test func `a link to another file is that file`() throws {
    try lock()
    try Shell.check(
      [
        "sh", "-c",
        "mv libmine.so old.so && cp old.so evil.so && printf x >> evil.so && ln -s evil.so libmine.so",
      ],
      in: program.folder.path)
    let answer = try program.run("run p.yaml")
    #expect(answer.status == 2)
    #expect(answer.errors.contains("it is not in the lock file"), "\(answer)")
  }

  @Test func `a C function's library is pinned with the rest`() throws {
    let source = try program.folder.write("m.c", Array("double one(double x) { return x * 0 + 1; }\n".utf8))
    try Shell.check(["cc", "-shared", "-fPIC", source, "-o", program.folder("libm1.so")])
    let monitor =
      "monitors=[{name: one, library: ./libm1.so, symbol: one, returns: f64, args: [{bind: loss, as: f64}]}]"
    #expect(try program.run(["lock", "p.yaml", "--set", monitor]).output.contains("libm1.so"))
    #expect(try program.run(["run", "p.yaml", "--locked", "--set", monitor]).status == 0)
    try Shell.check(["sh", "-c", "printf x >> libm1.so"], in: program.folder.path)
    let answer = try program.run(["run", "p.yaml", "--set", monitor])
    #expect(answer.status == 2)
    #expect(answer.errors.contains("cannot open the library 'FOLDER/libm1.so': it is not what"), "\(answer)")
  }

  @Test func `so is the library that the callback call opens`() throws {
    let source = try program.folder.write("m.c", Array("double one(double x) { return x * 0 + 1; }\n".utf8))
    try Shell.check(["cc", "-shared", "-fPIC", source, "-o", program.folder("libm1.so")])
    let callback =
      "call:library=\(program.folder("libm1.so")),symbol=one,returns=f64,args=[{bind: loss, as: f64}]"
    #expect(try program.run(["lock", "p.yaml", "--callback", callback]).output.contains("libm1.so"))
    #expect(try program.run(["run", "p.yaml", "--locked", "--callback", callback]).status == 0)
    try Shell.check(["sh", "-c", "printf x >> libm1.so"], in: program.folder.path)
    #expect(try program.run(["run", "p.yaml", "--callback", callback]).status == 2)
  }

  @Test func `--locked needs a lock, and a damaged one is not none`() throws {
    let missing = try program.run("run p.yaml --locked")
    #expect(missing.status == 2)
    #expect(missing.errors.contains("there is no lock file 'FOLDER/trainyard.lock'"), "\(missing)")
    try program.folder.write("trainyard.lock", Array("{".utf8))
    let damaged = try program.run("run p.yaml")
    #expect(damaged.status == 2)
    #expect(damaged.errors.contains("cannot use the lock file 'FOLDER/trainyard.lock'"), "\(damaged)")
    try lock()
    #expect(try program.run("run p.yaml --locked").status == 0)
  }

  // MARK: After the run

  private func runOnce(_ more: String = "") throws {
    let answer = try program.run("run p.yaml --locked --output runs --name r" + more)
    #expect(answer.status == 0, "\(answer)")
  }

  static let commands = [
    "evaluate runs/r --data synthetic:shape=moons,rows=32",
    "predict runs/r --data synthetic:shape=moons,rows=32",
    "replay runs/r --callback ./libmine.so",
    "resume runs/r --epochs 2",
  ]

  @Test(arguments: commands, ["", "isolate"])
  func `what comes after a run obeys its lock`(command: String, isolate: String) throws {
    try lock()
    try runOnce(" --set checkpoints.keep_finished=true" + (isolate.isEmpty ? "" : " --set isolation=all"))
    let answer = try program.run(command + " --locked")
    #expect(answer.status == 0, "\(answer)")
    // A plugin that it opens is another one now: of a run, of its own, or of the program's.
    let library = command.contains("mine") || command.hasPrefix("resume") ? "mine" : "mlp"
    let file = try readFile(program.folder("trainyard.lock"))
    let changed = try #require(
      try? Shell.run(
        ["sed", "-i", "/lib\(library).so/{n;s/[0-9a-f]\\{8\\}/00000000/}", "trainyard.lock"],
        in: program.folder.path))
    #expect(changed.status == 0)
    #expect(try readFile(program.folder("trainyard.lock")) != file)
    let refused = try program.run(command)
    #expect(refused.status == 2, "\(refused)")
    #expect(refused.errors.contains("it is not what the lock file 'FOLDER/trainyard.lock'"), "\(refused)")
  }

  @Test func `a plugin that is not in the lock is opened for no command`() throws {
    try lock()
    try runOnce()
    for line in [
      "evaluate runs/r --data synthetic:shape=moons,rows=32 --monitor accuracy",
      "predict runs/r --data csv:file=x.csv", "replay runs/r --callback early-stopping",
      "cross-validate p.yaml --folds 2 --callback progress", "run p.yaml --monitor accuracy",
    ] {
      let answer = try program.run(line)
      #expect(answer.status == 2 && answer.errors.contains("it is not in the lock file"), "\(answer)")
    }
  }

  @Test func `the lock beside a run's pipeline holds from other folders, too`() throws {
    try lock()
    try runOnce()
    let line = "evaluate ../runs/r --data synthetic:shape=moons,rows=32"
    let folder = "mkdir -p elsewhere; cd elsewhere"
    #expect(try program.run(line + " --locked", after: folder).status == 0)
    let refused = try program.run(line + " --monitor accuracy", after: folder)
    #expect(refused.status == 2 && refused.errors.contains("it is not in the lock file"), "\(refused)")
    // Without one anywhere.
    let missing = try program.run(line + " --locked", after: "rm trainyard.lock; " + folder)
    #expect(missing.status == 2 && missing.errors.contains("there is no lock file"), "\(missing)")
  }

  /// The library is swapped after the plan has been made and before `call` opens it.
  @Test(arguments: ["false", "true"])
  func `what call opens is what was compared, whatever lies there since`(isolate: String) throws {
    for (name, answer) in [("m1", 1), ("evil", 2)] {
      let source = try program.folder.write(
        "\(name).c", Array("double one(double x) { return x * 0 + \(answer); }\n".utf8))
      try Shell.check(["cc", "-shared", "-fPIC", source, "-o", program.folder("lib\(name).so")])
    }
    let library = program.folder("libm1.so")
    _ = try compileComponents(
      "",
      """
      #include <stdio.h>
      __attribute__((constructor)) static void swap(void) {
        FILE *from = fopen("\(program.folder("swap"))", "rb");
        FILE *to = from ? fopen("\(library)", "wb") : NULL;
        for (int c; to && (c = getc(from)) != EOF;) { putc(c, to); }
        if (to) { fclose(to); fclose(from); }
      }
      """, as: "swap", in: program.folder)
    let callback =
      "call:library=\(library),symbol=one,returns=f64,args=[{bind: loss, as: f64}],result=found,isolate=\(isolate)"
    let words = ["--callback", callback, "--callback", "./libswap.so:name=swap"]
    #expect(try program.run(["lock", "p.yaml"] + words).status == 0)
    try Shell.check(["cp", "libevil.so", "swap"], in: program.folder.path)
    let answer = try program.run(["run", "p.yaml", "--output", "runs", "--name", "r"] + words)
    #expect(
      try Shell.run(["cmp", "swap", "libm1.so"], in: program.folder.path).status == 0, "it was swapped")
    if isolate == "true" {
      // The helper compares it itself, and finds the other one.
      #expect(answer.status != 0 && answer.errors.contains("it is not what the lock file"), "\(answer)")
    } else {
      #expect(answer.status == 0, "\(answer)")
      let metrics = try readText(program.folder("runs/r/metrics.csv"))
      let rows = metrics.split(separator: "\n").map { $0.split(separator: ",") }
      let column = try #require(rows.first?.firstIndex(of: "found"))
      #expect(rows.last?[column] == "1" || rows.last?[column] == "1.0", "\(metrics)")
    }
  }
}
