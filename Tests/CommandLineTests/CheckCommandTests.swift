import Support
import Testing
import Trainyard

/// `trainyard check` as a user meets it.
@Suite struct CheckCommandTests {
  private let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  private func fixture(_ macro: String? = nil) throws -> String {
    let source = packageFolder() + "/Tests/ConformanceTests/Fixtures/watcher.c"
    let flags = macro.map { ["-D\($0)", "-Wno-unused"] } ?? []
    return try compileLibrary([source], as: macro ?? "watcher", in: program.folder, flags: flags)
  }

  @Test func `tells a clean plugin by its exit status and a line for each rule`() throws {
    _ = try fixture()
    let answer = try program.run("check ./libwatcher.so --level quick --seed 5 --skip reset-trace")
    #expect(answer.status == 0)
    #expect(
      answer.output.hasPrefix(
        """
        checking FOLDER/libwatcher.so
          callback 'watcher', version 1.0.0
          level quick, seed 5, without reset-trace

          passed  load-opens
        """))
    #expect(answer.output.contains("\n1 passed, 0 failed\n") || answer.output.contains(" passed, 0 failed\n"))
    #expect(answer.errors == "")
  }

  @Test func `tells of a fault with status 1, the shortest run that shows it, and how to see it again`()
    throws
  {
    _ = try fixture("FAULT_BEST_NOT_RESET")
    let line = "check ./libFAULT_BEST_NOT_RESET.so --rule reset-trace --rule reset-quiet"
    let answer = try program.run(line)
    #expect(answer.status == 1)
    let shown = """
        failed  reset-trace            reset() leaves something behind: state key 'best' is 0.5 after reset, and 1e+308 in a new instance
                  the rule: After reset() a callback does what a new instance does, whatever run came before.
                  of:       watcher
                  after:          epoch 1 (no batches): val_loss 0.5
                  then:           reset
                  state:          'best' is 0.5 after reset, and 1e+308 in a new instance
      """
    #expect(answer.output.contains(shown), "\(answer.output)")
    #expect(
      answer.output.hasSuffix(
        """

        1 passed, 1 failed
        to see one again: trainyard check ./libFAULT_BEST_NOT_RESET.so --seed 1 --rule reset-trace

        """), "\(answer.output)")
    // The seed reproduces, word for word.
    #expect(try program.run(line) == answer)
  }

  @Test(arguments: [
    ("check no-such-plugin", "cannot load plugin 'no-such-plugin'"),
    ("check ./nothing.so", "there is no such file"),
    ("check ./libwatcher.so --rule reset-trase", "did you mean 'reset-trace'?"),
    ("check ./libwatcher.so --skip reset-trase", "did you mean 'reset-trace'?"),
    ("check ./libwatcher.so --option patienc=1", "did you mean 'patience'?"),
    ("check ./libwatcher.so --option patience=-1", "outside its range [0, )"),
    ("check ./libwatcher.so --option patience", "--option takes key=value"),
    ("check ./libwatcher.so --component watchr", "did you mean 'watcher'?"),
    ("check ./libwatcher.so --level strickt", "strickt"),
    ("check", "<plugin>"),
  ])
  func `says with status 2 what cannot be checked`(_ line: String, _ words: String) throws {
    _ = try fixture()
    let answer = try program.run(line)
    #expect(answer.status == 2, "\(answer)")
    #expect(answer.errors.contains(words), "\(answer)")
  }

  @Test func `a library that breaks the contract is a fault and not a library that is not there`() throws {
    _ = try fixture("FAULT_NO_RESET")
    let answer = try program.run("check ./libFAULT_NO_RESET.so --level strict")
    #expect(answer.status == 1)
    #expect(answer.output.contains("failed  load-opens"))
    #expect(answer.output.contains("'watcher' has no reset()"))
  }

  @Test func `writes JSON that can be read, with the skip list and the seed`() throws {
    _ = try fixture("FAULT_FIELD_NOT_SAVED")
    let answer = try program.run(
      "check ./libFAULT_FIELD_NOT_SAVED.so --json --seed 18446744073709551615 --skip reset-trace --skip reset-state"
    )
    #expect(answer.status == 1)
    let report = try JSONValue(parsing: answer.output, from: "the report")
    #expect(report["seed"] == .string("18446744073709551615"))
    #expect(report["skip"] == .array([.string("reset-trace"), .string("reset-state")]))
    #expect(report["clean"] == .bool(false))
    #expect(report.at("counts.failed") == .int(1))
    guard case .array(let results) = report["results"] else { return #expect(Bool(false), "\(answer)") }
    let rules = results.compactMap { $0["rule"] }
    #expect(!rules.contains(.string("reset-trace")))
    let failed = results.filter { $0["verdict"] == .string("failed") }
    #expect(failed.first?["rule"] == .string("resume-continue"))
    #expect(failed.first?["component"] == .string("watcher"))
  }

  @Test func `writes JUnit XML that is well formed`() throws {
    _ = try fixture("FAULT_DIVIDES_BY_BATCHES")
    let answer = try program.run(
      "check ./libFAULT_DIVIDES_BY_BATCHES.so --junit report.xml --rule empty-epochs --rule reset-quiet")
    #expect(answer.status == 1)
    let text = try readText(program.folder("report.xml"))
    #expect(text.contains("<error message=\"it divided by zero, "))
    #expect(text.contains(", in on_epoch_end, epoch 1 (signal 8 (SIGFPE))\">"))
    #expect(text.contains("tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"0\""))
    let script =
      "import sys, xml.dom.minidom as m; d = m.parse(sys.argv[1]); print(len(d.getElementsByTagName('testcase')))"
    let parsed = try Shell.run(["python3", "-c", script, program.folder("report.xml")])
    #expect(parsed.output == "2\n", "\(parsed)")
  }

  @Test func `kills a plugin that does not come back`() throws {
    _ = try fixture("FAULT_HANGS")
    let answer = try program.run("check ./libFAULT_HANGS.so --rule huge-numbers --deadline 15")
    #expect(answer.status == 1)
    #expect(answer.output.contains("crashed huge-numbers"))
    #expect(answer.output.contains("no answer within"))
    #expect(answer.output.contains("in on_batch_end, epoch 2147483649, batch 1"))
  }

  @Test func `its help names the levels`() throws {
    let help = try program.run("check --help").output.split { $0.isWhitespace }.joined(separator: " ")
    #expect(help.contains("(values: quick, standard, strict; default: standard)"), "\(help)")
  }

  @Test func `lists its rules`() throws {
    let answer = try program.run("check --rules")
    #expect(answer.status == 0)
    #expect(answer.output.contains("reset-trace            standard  After reset() a callback does"))
  }

  @Test func `makes up required options, or skips with the reason`() throws {
    _ = try fixture("FAULT_OPTION_WITHOUT_DEFAULT")
    let made = try program.run("check ./libFAULT_OPTION_WITHOUT_DEFAULT.so --rule reset-trace")
    #expect(made.status == 0)
    #expect(made.output.contains("1 passed"))
    let refused = try program.run("check timer --rule reset-trace")
    #expect(refused.status == 0)
    #expect(
      refused.output.contains("skipped reset-trace            it needs the option 'duration', by --option"))
    let given = try program.run("check timer --rule reset-trace --option duration=90s")
    #expect(given.output.contains("1 passed"))
  }

  @Test func `calls the C functions of a pipeline, and tells which came back`() throws {
    _ = try program.folder.write(
      "f.c",
      "double half(double x) { return x / 2; }\ndouble first(const double *x) { return x[0]; }\n")
    _ = try compileLibrary(
      [program.folder("f.c")], as: "f", in: program.folder, flags: ["-fvisibility=default"])
    let head = "data: {train: {dataset: nowhere}}\nmodel: mlp\ntrain: {epochs: 1}\nmonitors:\n"
    let good = "- {name: h, library: ./libf.so, symbol: half, returns: f64, args: [{bind: loss, as: f64}]}\n"
    let bad = "- {name: w, library: ./libf.so, symbol: first, returns: f64, args: [{bind: 8, as: usize}]}\n"
    _ = try program.folder.write("good.yaml", head + good)
    _ = try program.folder.write("both.yaml", head + good + bad)
    let answer = try program.run("check good.yaml")
    #expect(
      answer
        == TrainyardProgram.Answer(
          status: 0,
          output: """
            checking the C functions of good.yaml

              passed  h: half of FOLDER/libf.so gave h 0.25 for made data

            1 came back, 0 did not

            """))
    let crashed = try program.run("check both.yaml")
    #expect(crashed.status == 1 && crashed.errors == "")
    #expect(
      crashed.output.hasSuffix(
        """
          crashed w: first of FOLDER/libf.so: its process crashed: signal 11 (SIGSEGV)
                    at:   both.yaml:6:3, monitors[1]
                    help: compare 'returns' and 'args' with the prototype in the function's header

        1 came back, 1 did not

        """), "\(crashed)")
    let json = try program.run("check both.yaml --json")
    #expect(json.status == 1 && json.output.contains("\"verdict\": \"crashed\""), "\(json)")
  }
}
