import Support
import Testing
import Trainyard

/// Callbacks that fail while a run goes on.
@Suite struct FailingCallbackTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  /// Fails in its second epoch, and writes down that it was told of the end.
  private static let functions = """
    #include <stdio.h>
    static int64_t failing_epoch = 1;
    static ty_status fails(void *self, const ty_event *event) {
      const ty_host *host = ((instance *)self)->host;
      if (event->epoch != failing_epoch) return TY_OK;
      host->fail(host, "the disk is on fire; put it out");
      return TY_FAILED;
    }
    static ty_status ends(void *self, const ty_event *event) {
      (void)self;
      FILE *file = fopen("ended", "w");
      if (file == NULL) return TY_FAILED;
      fprintf(file, "%u %s", (unsigned)event->outcome, event->text);
      fclose(file);
      return TY_OK;
    }
    """

  private func compile(_ statements: String) throws {
    _ = try compileComponents(statements, Self.functions, as: "failing", in: program.folder)
  }

  static let command =
    "run --data synthetic:rows=64 --model mlp:hidden=[] --epochs 3 --name one --callback ./libfailing.so"
  static let message =
    "callback 'a-callback' failed in on_epoch_end, epoch 2: the disk is on fire; put it out"

  @Test func `a failed hook ends the run with status 1 and names plugin, hook and epoch`() throws {
    try compile("callback_table.on_epoch_end = fails; callback_table.on_train_end = ends")
    let answer = try program.run(Self.command)
    #expect(answer.status == 1)
    #expect(answer.errors == "error: \(Self.message)\n")
    #expect(answer.output.hasPrefix("\noutcome   failed\nepochs    1 of 3, 4 steps, "))
    // on_train_end, with the outcome failed and the reason.
    #expect(try readText(program.folder("ended")) == "4 \(Self.message)")
    // What was trained so far is there.
    #expect(try program.files("runs/one") == TrainyardProgram.runFiles)
    let summary = try program.json("runs/one/summary.json")
    #expect(summary.at("outcome")?.string == "failed")
    #expect(summary.at("error.message")?.string == Self.message)
  }

  @Test func `words of a plugin do nothing to a terminal, and keep their letters`() throws {
    // An escape, one in a single character, text the other way round; the joiner in a Persian word stays.
    let words =
      "\\033[2Jgone\\302\\2332J \\342\\200\\256kcab\\342\\200\\254 \\331\\205\\333\\214\\342\\200\\214\\330\\256"
    let shown = "[2Jgone2J kcab \u{645}\u{6CC}\u{200C}\u{62E}"
    _ = try compileComponents(
      "callback_table.on_epoch_end = fails",
      """
      static ty_status fails(void *self, const ty_event *event) {
        const ty_host *host = ((instance *)self)->host;
        (void)event;
        host->log(host, TY_LOG_WARNING, "\(words)");
        host->fail(host, "\(words)");
        return event->epoch == 0 ? TY_OK : TY_FAILED;
      }
      """, as: "failing", in: program.folder)
    let answer = try program.run(Self.command)
    #expect(answer.status == 1)
    #expect(
      answer.errors == """
        warning: \(shown)
        error: callback 'a-callback' failed in on_epoch_end, epoch 2: \(shown)

        """)
  }

  @Test func `a run goes on without a callback that may be dropped`() throws {
    try compile("callback_table.on_epoch_end = fails; callback_table.on_train_end = ends")
    let answer = try program.run(Self.command + ":on_error=drop")
    #expect(answer.status == 0)
    #expect(answer.errors == "warning: \(Self.message); training goes on without it\n")
    #expect(answer.output.hasPrefix("\noutcome   finished: all 3 epochs ran\nepochs    3 of 3, 6 steps, "))
    #expect(answer.output.contains("\ndropped   'a-callback': "))
    let summary = try program.json("runs/one/summary.json")
    #expect(summary.at("outcome")?.string == "finished")
    #expect(summary.at("dropped")?.array?.first?["callback"]?.string == "a-callback")
    #expect(summary.at("dropped")?.array?.first?["reason"]?.string?.contains("the disk is on fire") == true)
  }

  @Test(arguments: ["on_train_begin", "create", "reset"])
  func `a callback that fails before the first epoch lets nothing begin`(_ hook: String) throws {
    let statements =
      switch hook {
      case "create": "callback_table.create = refuses"
      case "reset": "callback_table.reset = cannot"
      default: "failing_epoch = -1; callback_table.on_train_begin = fails"
      }
    let functions = """
      static ty_status refuses(const ty_component *component, const ty_host *host, void **self) {
        (void)component, (void)self;
        host->fail(host, "the disk is on fire; put it out");
        return TY_FAILED;
      }
      static ty_status cannot(void *self) {
        const ty_host *host = ((instance *)self)->host;
        host->fail(host, "the disk is on fire; put it out");
        return TY_FAILED;
      }
      """
    _ = try compileComponents(
      statements + "; (void)fails; (void)ends; (void)refuses; (void)cannot",
      Self.functions + "\n" + functions, as: "failing", in: program.folder)
    let answer = try program.run(Self.command)
    #expect(answer.status == 2)
    #expect(answer.output == "")
    let errors =
      switch hook {
      case "create": "error: the disk is on fire; put it out\n  where: plugin 'a-callback', in create\n"
      case "reset":
        // It is created anew first; that instance cannot be reset either.
        "error: callback 'a-callback' failed in reset: the disk is on fire; put it out\n"
      default: "error: callback 'a-callback' failed in on_train_begin: the disk is on fire; put it out\n"
      }
    #expect(answer.errors == errors)
    #expect(try program.files("runs") == [])
  }
}
