import Support
import Testing

/// Libraries that are no plugins of this host: nothing of them runs, and the message says why.
@Suite struct LibraryFaultTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  /// A library of four components with one fault, and what is said about it.
  static let faults: [(statements: String, functions: String, detail: String, help: String)] = [
    (
      "args->refuse(args->context, \"it needs a GPU\"); return NULL", "",
      "it refuses this host: it needs a GPU",
      "rebuild the plugin with the trainyard.h of this host, or ask its author"
    ),
    (
      "module.abi_major = 9", "", "built for ABI 9.MINOR, and this host speaks ABI 0.MINOR",
      "rebuild the plugin with the trainyard.h of this host"
    ),
    (
      "callback_table.struct_size = 24", "",
      "the table of 'a-callback' has 24 bytes, and a callback needs at least 32",
      "set struct_size to sizeof(ty_callback)"
    ),
    (
      "callback_table.reset = NULL", "", "'a-callback' has no reset(), which every callback must have",
      "implement reset() and put it into the table"
    ),
    (
      "model_table.train_step = NULL", "", "'a-model' has no train_step(), which every model must have",
      "implement train_step() and put it into the table"
    ),
    (
      "model.id = \"a-callback\"", "", "it has two components of the id 'a-callback'",
      "give each component an id of its own"
    ),
    (
      "no_such_function()", "void no_such_function(void);", "unresolved symbol 'no_such_function'",
      "link the library that defines 'no_such_function' into the plugin; the host exports nothing"
    ),
  ]

  @Test(arguments: faults.indices)
  func `a library with a fault is refused with a reason`(_ index: Int) throws {
    let fault = Self.faults[index]
    _ = try compileComponents(fault.statements, fault.functions, as: "faulty", in: program.folder)
    try expectRefusal(fault.detail, fault.help)
  }

  @Test func `a text is no library`() throws {
    try program.folder.write("libfaulty.so", "hello\n")
    try expectRefusal(
      "it is a text file, and not an ELF shared library",
      "name the .so file; a plugin in C is built by `cc -shared -fPIC -o libmine.so mine.c`")
  }

  @Test func `a library of another architecture is refused`() throws {
    var bytes = try readFile(try compileComponents(as: "faulty", in: program.folder))
    let own = bytes[18] == 62 ? "x86-64" : "aarch64"
    // The field e_machine.
    bytes[18] = own == "x86-64" ? 183 : 62
    try program.folder.write("libfaulty.so", bytes)
    let other = own == "x86-64" ? "aarch64" : "x86-64"
    try expectRefusal(
      "built for \(other) (64 bits), and this host runs on \(own) (64 bits)",
      "build the plugin for \(own) (64 bits)")
  }

  @Test func `a library that is cut short is refused`() throws {
    let bytes = try readFile(try compileComponents(as: "faulty", in: program.folder))
    try program.folder.write("libfaulty.so", bytes.prefix(3000))
    let answer = try program.run(Self.command)
    #expect(answer.status == 2)
    #expect(answer.output == "")
    #expect(
      answer.errors.replacing(#/speak of \d+/#, with: "speak of N") == """
        error: cannot load plugin './libfaulty.so': the file is cut short: 3000 bytes, and its headers speak of N
          where: --callback, character 1, callbacks[0]
          help:  build or copy the library again

        """)
  }

  @Test func `a library without the entry is refused`() throws {
    let source = try program.folder.write("none.c", "int answer(void);\nint answer(void) { return 42; }\n")
    _ = try compileLibrary([source], as: "faulty", in: program.folder)
    try expectRefusal(
      "it does not export 'trainyard_plugin', so it is no plugin",
      "in C, mark the function TY_EXPORT; in Swift, it must be `public` and `@c`, or it is not exported")
  }

  @Test func `a library that is not there is refused`() throws {
    try expectRefusal(
      "there is no such file", "check the path; `trainyard list` shows the plugins that are found")
  }

  @Test func `a component of a library is chosen by its kind, or by name`() throws {
    _ = try compileComponents(as: "good", in: program.folder)
    let answer = try program.run(
      "run --data synthetic:rows=64 --model mlp:hidden=[] --epochs 1 --name one --callback "
        + "./libgood.so:component=a-modle")
    #expect(answer.status == 2)
    #expect(
      answer.errors == """
        error: cannot load plugin './libgood.so': it has no component 'a-modle'
          where: --callback, character 1, callbacks[0]
          help:  did you mean 'a-model'? it has: a-callback, a-model, a-monitor, a-dataset

        """)
  }

  @Test func `a list tells of each library that cannot be used, and shows the others`() throws {
    _ = try compileComponents("module.abi_major = 9", as: "old", in: program.folder)
    _ = try compileComponents(as: "good", in: program.folder)
    let answer = try program.run("list --plugins .")
    #expect(answer.status == 2)
    #expect(answer.output.contains(#/callback +a-callback +1\.2\.0 +A callback for tests\.\n/#))
    #expect(
      withoutMinor(answer.errors) == """
        error: cannot load plugin 'FOLDER/libold.so': built for ABI 9.MINOR, and this host speaks ABI 0.MINOR
          help:  rebuild the plugin with the trainyard.h of this host

        """)
  }

  private static let command =
    "run --data synthetic:rows=64 --model mlp:hidden=[] --epochs 1 --output out --callback ./libfaulty.so"

  private func expectRefusal(
    _ detail: String, _ help: String, _ location: SourceLocation = #_sourceLocation
  ) throws {
    var answer = try program.run(Self.command)
    answer.errors = withoutMinor(answer.errors)
    let expected = TrainyardProgram.Answer(
      status: 2,
      errors: """
        error: cannot load plugin './libfaulty.so': \(detail)
          where: --callback, character 1, callbacks[0]
          help:  \(help)

        """)
    #expect(answer == expected, sourceLocation: location)
    #expect(try program.files("out") == [], sourceLocation: location)
  }

  private func withoutMinor(_ text: String) -> String {
    text.replacing(#/ABI (\d+)\.\d+/#) { "ABI \($0.output.1).MINOR" }
  }
}
