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
}
