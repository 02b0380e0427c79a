import Glibc
import PluginHost
import Support
import Testing

/// What a library says of itself, and every way in which it can be no plugin of this host.
@Suite struct PluginLibraryTests {
  let fixture: Fixture

  init() throws { fixture = try Fixture() }

  @Test func `a library is described without an instance`() throws {
    let library = try PluginLibrary.open(try fixture.library())
    #expect(library.components.map(\.id) == ["a-callback", "a-model", "a-monitor", "a-dataset"])
    #expect(library.components.map(\.kind) == [.callback, .model, .monitor, .dataset])
    let callback = library.components[0]
    #expect(callback.version == "1.2.0")
    #expect(callback.summary == "A callback for tests.")
    #expect(callback.hooks == ["on_epoch_end"])
    #expect(callback.slots == [])
    #expect(callback.license == "Apache-2.0")
    #expect(callback.author == "A. Author")
    #expect(callback.abi == "0.2")
    #expect(callback.libraryPath == library.path)
    #expect(
      callback.options == [
        OptionRow(
          key: "mode", type: .choice, doc: "Which way is better.", defaultText: "min",
          choices: ["min", "max"]),
        OptionRow(
          key: "patience", type: .int, doc: "How long to wait.", defaultText: "3", range: "[0, )",
          unit: "epochs"),
      ])
  }

  @Test func `opening a file twice gives the same library`() throws {
    let path = try fixture.library()
    let first = try PluginLibrary.open(path)
    symlink(path, fixture.folder("another-name.so"))
    #expect(try PluginLibrary.open(fixture.folder("another-name.so")) === first)
  }

  @Test func `a library that is built anew under its path is opened as it is now`() throws {
    let path = try fixture.library()
    let first = try PluginLibrary.open(path)
    _ = try fixture.library("args->refuse(args->context, \"built anew\"); return NULL")
    #expect(
      try error(LoadError.self) { _ = try PluginLibrary.open(path) }?.description.contains("built anew")
        == true)
    _ = try fixture.library()
    let third = try PluginLibrary.open(path)
    #expect(third !== first && third.path == path && third.components.map(\.id) == first.components.map(\.id))
    #expect(try PluginLibrary.open(path) === third)
  }

  @Test func `an error names the library as the user wrote it`() throws {
    let path = fixture.folder("no.so")
    let found = try error(LoadError.self) { _ = try PluginLibrary.open(path, userPath: "./no.so") }
    #expect(
      found?.description == """
        cannot load plugin './no.so': there is no such file
        help: check the path; `trainyard list` shows the plugins that are found
        """)
  }

  // MARK: - What the entry returns

  typealias Fault = (statements: String, code: LoadError.Code, detail: String)

  static let faults: [Fault] = [
    // The entry and the module.
    (
      "args->refuse(args->context, \"needs a newer host\"); return NULL", .refused,
      "it refuses this host: needs a newer host"
    ),
    (
      "args->refuse(args->context, \"bad \\xff words\"); return NULL", .refused,
      "it refuses this host: bad \u{fffd} words"
    ),
    ("return NULL", .refused, "it refuses this host and gives no reason"),
    ("module.abi_major = 9", .abiMismatch, "built for ABI 9.2, and this host speaks ABI 0.2"),
    ("module.abi_minor = 3", .abiMismatch, "built for ABI 0.3, and this host speaks ABI 0.2"),
    (
      "module.struct_size = 24", .badDescription,
      "its module is malformed: struct_size is 24, and at least 32 bytes are needed"
    ),
    (
      "module.struct_size = 47", .badDescription,
      "its module is malformed: struct_size is 47, which no compiler gives"
    ),
    (
      "module.struct_size = 0xfffffff8", .badDescription,
      "its module is malformed: struct_size is 4294967288, which no compiler gives"
    ),
    ("module.component_count = 0", .badDescription, "its module is malformed: it lists no component"),
    (
      "module.component_count = UINT64_MAX", .badDescription,
      "its module is malformed: it lists 18446744073709551615 components, and 256 are the most"
    ),
    ("module.components = NULL", .badDescription, "its module is malformed: its list of components is NULL"),
    ("components[1] = NULL", .badDescription, "its module is malformed: component 1 is NULL"),
    ("module.license = \"\\xff\"", .badDescription, "its module is malformed: its license is not UTF-8"),
    // Components.
    (
      "callback.struct_size = 8", .badDescription,
      "its module is malformed: component 0: struct_size is 8, and at least 64 bytes are needed"
    ),
    ("model.id = \"a-callback\"", .duplicateComponent, "it has two components of the id 'a-callback'"),
    ("callback.id = NULL", .badDescription, "its module is malformed: the id of component 0 is NULL"),
    (
      "callback.id = \"\\xc3(\"", .badDescription,
      "its module is malformed: the id of component 0 is not UTF-8"
    ),
    (
      "callback.id = \"../evil\"", .badDescription,
      "its module is malformed: the id of component 0 is '../evil', and may have lower-case letters, digits, '-' and '.' only"
    ),
    (
      "callback.id = \"\"", .badDescription,
      "its module is malformed: the id of component 0 is '', and may have lower-case letters, digits, '-' and '.' only"
    ),
    (
      "callback.kind = 0", .badDescription,
      "the component 'a-callback' is malformed: its kind is 0, and this host knows 1 to 4"
    ),
    (
      "callback.kind = 5", .badDescription,
      "the component 'a-callback' is malformed: its kind is 5, and this host knows 1 to 4"
    ),
    (
      "callback.version = NULL", .badDescription,
      "the component 'a-callback' is malformed: its version is NULL"
    ),
    (
      "callback.version = \"1 2\"", .badDescription,
      "the component 'a-callback' is malformed: its version is '1 2', and should be such as '1.2.0'"
    ),
    (
      "callback.summary = \"\\xff\"", .badDescription,
      "the component 'a-callback' is malformed: its summary is not UTF-8"
    ),
    // Tables.
    ("callback.table = NULL", .badDescription, "the component 'a-callback' is malformed: its table is NULL"),
    (
      "callback_table.struct_size = 24", .tableTooShort,
      "the table of 'a-callback' has 24 bytes, and a callback needs at least 32"
    ),
    (
      "model_table.struct_size = 64", .tableTooShort,
      "the table of 'a-model' has 64 bytes, and a model needs at least 72"
    ),
    (
      "monitor_table.struct_size = 72", .tableTooShort,
      "the table of 'a-monitor' has 72 bytes, and a monitor needs at least 80"
    ),
    (
      "dataset_table.struct_size = 0", .tableTooShort,
      "the table of 'a-dataset' has 0 bytes, and a dataset needs at least 80"
    ),
    (
      "callback_table.struct_size = 33", .badDescription,
      "the component 'a-callback' is malformed: its table: struct_size is 33, which no compiler gives"
    ),
    (
      "callback_table.state_save = save_nothing", .missingSlot,
      "'a-callback' has state_save() and no state_load()"
    ),
    (
      "model_table.snapshot_drop = any_slot", .missingSlot,
      "'a-model' has snapshot_drop() and no snapshot_take()"
    ),
    (
      "model_table.weight_count = no_weights", .missingSlot,
      "'a-model' has weight_count() and no weight()"
    ),
    // Options.
    (
      "callback.option_count = 1ull << 40", .badDescription,
      "the component 'a-callback' is malformed: it lists 1099511627776 options, and 1024 are the most"
    ),
    (
      "callback.options = NULL", .badDescription,
      "the component 'a-callback' is malformed: its list of options is NULL"
    ),
    ("options[1] = NULL", .badDescription, "the component 'a-callback' is malformed: option 1 is NULL"),
    (
      "options[1] = &option", .badDescription,
      "the component 'a-callback' is malformed: it has two options 'mode'"
    ),
    (
      "option.struct_size = 4", .badDescription,
      "the component 'a-callback' is malformed: option 0: struct_size is 4, and at least 64 bytes are needed"
    ),
    (
      "option.key = NULL", .badDescription,
      "the component 'a-callback' is malformed: the key of option 0 is NULL"
    ),
    (
      "option.key = \"min-delta\"", .badDescription,
      "the component 'a-callback' is malformed: the key of option 0 is 'min-delta', and may have letters, digits and '_' only"
    ),
    (
      "option.type = 11", .badDescription,
      "the component 'a-callback' is malformed: option 'mode' has type 11, and this host knows 1 to 10"
    ),
    (
      "option.choice_count = 0", .badDescription,
      "the component 'a-callback' is malformed: option 'mode' is a choice and has none"
    ),
    (
      "option.choice_count = UINT32_MAX", .badDescription,
      "the component 'a-callback' is malformed: option 'mode' has 4294967295 choices, and 1024 are the most"
    ),
    (
      "option.choices = NULL", .badDescription,
      "the component 'a-callback' is malformed: the choices of option 'mode' are NULL"
    ),
    (
      "choices[1] = NULL", .badDescription,
      "the component 'a-callback' is malformed: choice 1 of option 'mode' is NULL"
    ),
    (
      "choices[1] = choices[0]", .badDescription,
      "the component 'a-callback' is malformed: option 'mode' has the choice 'min' twice"
    ),
    (
      "option.doc = \"\\xff\"", .badDescription,
      "the component 'a-callback' is malformed: the doc of option 'mode' is not UTF-8"
    ),
    (
      "option2.range = \"0..1\"", .badDescription,
      "the component 'a-callback' is malformed: the range of option 'patience' is '0..1', and should be such as '[0, 1)' or '(0, )'"
    ),
    (
      "option2.default_text = \"three\"", .badDescription,
      "the component 'a-callback' is malformed: the default of option 'patience' is 'three', which is no int"
    ),
    (
      "option2.default_text = \"-1\"", .badDescription,
      "the component 'a-callback' is malformed: the default of option 'patience' is -1, outside its range [0, )"
    ),
    (
      "option.type = option2.type = TY_OPTION_REST", .badDescription,
      "the component 'a-callback' is malformed: it has two options that take the rest; the second is 'patience'"
    ),
  ]

  @Test(arguments: faults)
  func `what an entry returns is refused with a reason`(_ fault: Fault) throws {
    let path = try fixture.library(fault.statements)
    let found = try error(LoadError.self) { _ = try PluginLibrary.open(path) }
    #expect(found?.code == fault.code)
    #expect(found?.detail == fault.detail)
    #expect(found?.remedy.isEmpty == false)
  }

  static let requiredSlots: [(kind: PluginKind, slots: [String])] = [
    (.callback, ["create", "destroy", "reset"]),
    (.model, ["create", "destroy", "reset", "describe", "train_step", "evaluate"]),
    (.monitor, ["create", "destroy", "reset", "update", "compute"]),
    (.dataset, ["create", "destroy", "reset", "row_count", "field_count", "field", "read"]),
  ]

  @Test(arguments: requiredSlots)
  func `a required slot that is NULL is refused by name`(_ kind: PluginKind, slots: [String]) throws {
    for slot in slots {
      let path = try fixture.library("\(kind.name)_table.\(slot) = NULL", name: slot)
      let found = try error(LoadError.self) { _ = try PluginLibrary.open(path) }
      #expect(found?.code == .missingSlot)
      #expect(found?.detail == "'a-\(kind.name)' has no \(slot)(), which every \(kind.name) must have")
      #expect(found?.remedy == "implement \(slot)() and put it into the table")
    }
  }

  @Test func `a monitor that samples the process needs no update`() throws {
    let monitor = try fixture.component(
      "a-monitor", "monitor_table.flags = TY_MONITOR_SAMPLE, monitor_table.update = NULL")
    #expect(monitor.isSample)
  }

  @Test func `a table that is longer than this host knows is read as far as it is known`() throws {
    let functions = """
      static struct { ty_callback known; void *later[4]; } longer;
      """
    let callback = try fixture.component(
      "a-callback",
      "longer.known = callback_table, longer.known.struct_size = sizeof longer, callback.table = &longer",
      functions)
    #expect(callback.hooks == ["on_epoch_end"])
  }

  @Test func `a table that is shorter than this host knows has no later slots`() throws {
    // Up to reset: what follows in memory is not the table's.
    let callback = try fixture.component(
      "a-callback", "callback_table.struct_size = 32, callback_table.state_save = save_nothing")
    #expect(callback.hooks == [])
    #expect(callback.slots == [])
  }

  // MARK: - Symbols

  @Test func `a library without the entry says how to export it`() throws {
    let source = try fixture.folder.write(
      "none.c", "int an_answer(void);\nint an_answer(void) { return 42; }\n")
    let path = try compileLibrary([source], as: "none", in: fixture.folder)
    let found = try error(LoadError.self) { _ = try PluginLibrary.open(path) }
    #expect(found?.code == .noEntryPoint)
    #expect(found?.remedy.contains("in Swift, it must be `public` and `@c`") == true)
  }

  @Test func `an unresolved symbol is named`() throws {
    let path = try fixture.library("no_such_function()", "void no_such_function(void);")
    let found = try error(LoadError.self) { _ = try PluginLibrary.open(path) }
    #expect(found?.code == .unresolvedSymbol)
    #expect(found?.detail == "unresolved symbol 'no_such_function'")
  }

  @Test func `a missing library is named`() throws {
    let found = try missingLibrary("")
    #expect(found?.detail == "it needs 'libother.so', which is not found")
    #expect(found?.remedy.contains("LD_LIBRARY_PATH") == true)
  }

  @Test func `what a library says of how to install what it needs is the remedy`() throws {
    let found = try missingLibrary(
      "__attribute__((section(\".trainyard.install\"), used)) const char how[] = \"apt-get install libother1\";"
    )
    #expect(found?.detail == "it needs 'libother.so', which is not found")
    #expect(found?.remedy == "apt-get install libother1")
  }

  @Test func `what a library says of that turns no text round and moves no cursor`() throws {
    // Escape; the same escape's begin in one character; the other way round; a new line.
    let words = "apt-get \\033[31minstall\\302\\233 \\342\\200\\256libother1\\n"
    let found = try missingLibrary(
      "__attribute__((section(\".trainyard.install\"), used)) const char how[] = \"\(words)\";")
    #expect(found?.remedy == "apt-get [31minstall libother1")
  }

  /// What is said of a library that needs another, which is gone.
  private func missingLibrary(_ declarations: String) throws -> LoadError? {
    let source = try fixture.folder.write(
      "other.c", "int other(void);\n__attribute__((visibility(\"default\"))) int other(void) { return 1; }\n")
    let other = try compileLibrary([source], as: "other", in: fixture.folder)
    let main = try fixture.folder.write(
      "main.c", "#include \"components.h\"\nint other(void);\n\(declarations)\nENTRY(other())\n")
    let path = try compileLibrary(
      [main], as: "main", in: fixture.folder,
      flags: ["-I", Fixture.sources, "-L", fixture.folder.path, "-Wl,--no-as-needed", "-lother"])
    unlink(other)
    let found = try error(LoadError.self) { _ = try PluginLibrary.open(path) }
    #expect(found?.code == .missingLibrary)
    return found
  }
}
