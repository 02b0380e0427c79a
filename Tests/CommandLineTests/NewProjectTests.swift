import Support
import Testing
import Trainyard

/// `trainyard new`: each project as an author gets it, built and tested with the commands that it names.
@Suite struct NewProjectTests {
  static let kinds = NewProject.Kind.allCases

  @Test(arguments: kinds, [NewProject.Language.c, .cpp])
  func `a new project builds, keeps the contract and runs`(
    kind: NewProject.Kind, language: NewProject.Language
  )
    throws
  {
    try buildAndTest(kind, language)
  }

  /// One by one: two cores do not build four packages faster at once.
  @Test(arguments: kinds)
  func `a new project in Rust builds, keeps the contract and runs`(kind: NewProject.Kind) throws {
    guard (try? Shell.run(["cargo", "--version"]).status) == 0 else {
      return print("left out: there is no cargo here")
    }
    try buildAndTest(kind, .rust)
  }

  @Test(arguments: kinds)
  func `a new project in Swift builds, keeps the contract and runs`(kind: NewProject.Kind) throws {
    try buildAndTest(kind, .swift)
  }

  private func buildAndTest(_ kind: NewProject.Kind, _ language: NewProject.Language) throws {
    let folder = try TemporaryFolder()
    let program = try builtFolder() + "/trainyard"
    let id = "my-\(kind.rawValue)"
    let made = try Shell.run(
      [program, "new", kind.rawValue, id, "--language", language.rawValue], in: folder.path)
    #expect(made.status == 0, "\(made.errors)")
    let project = folder(id)
    // The commands that it says, and those of its README.
    let said = made.output.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("  cd ") }
    let readme = String(decoding: try readFile(project + "/README.md"), as: UTF8.self)
    let shown = readme.split(separator: "\n").filter { $0.hasPrefix("    ") }
    #expect(shown.count == 4 && said.count == 2)
    let path = try builtFolder() + ":" + (Shell.searchPath() ?? "/usr/bin:/bin")
    for command in shown.map({ $0.drop { $0 == " " } }) {
      let result = try Shell.run(
        ["sh", "-c", String(command)], in: project, environment: ["PATH": path, "TRAINYARD": program])
      #expect(result.status == 0, "\(command)\n\(result.output)\(result.errors)")
    }
    #expect(said.allSatisfy { command in shown.contains { $0.hasSuffix(command.drop { $0 == " " }) } })
  }

  @Test(arguments: [
    ("MyThing", "write my-thing"), ("my_thing", "write my-thing"), ("9to5", "write to5"),
    ("a--b", "write a-b"),
    ("../x", "write x"), ("ü", "as in my-callback"),
  ])
  func `a name that cannot be an id is refused, with one that can`(name: String, help: String) throws {
    let program = try TrainyardProgram()
    let answer = try program.run(["new", "callback", "--", name])
    #expect(answer.status == 2)
    #expect(answer.errors.contains("'\(name)' cannot be the id of a plugin"))
    #expect(answer.errors.contains("help:  \(help)"), "\(answer)")
    #expect(try program.files("").isEmpty)
  }

  @Test func `a name that a language has taken still gives a project that builds`() throws {
    let folder = try TemporaryFolder()
    let program = try builtFolder() + "/trainyard"
    for (name, type, file) in [("type", "TypePlugin", "type_plugin"), ("event", "EventPlugin", "event")] {
      try Shell.check([program, "new", "callback", name, "--language", "cpp"], in: folder.path)
      let source = String(decoding: try readFile(folder("\(name)/\(file).cpp")), as: UTF8.self)
      #expect(source.contains("class \(type) {"))
      try Shell.check(["make"], in: folder(name))
    }
  }

  @Test func `a folder that is there is left alone`() throws {
    let program = try TrainyardProgram()
    try Shell.check(["mkdir", program.folder("mine")])
    try program.folder.write("mine/notes.txt", Array("dear diary".utf8))
    let answer = try program.run("new model mine --language c")
    #expect(answer.status == 2)
    #expect(answer.errors.contains("the folder 'FOLDER/mine' exists already"))
    #expect(try program.files("mine") == ["notes.txt"])
    let below = try program.run("new model mine --language c --folder mine/notes.txt/x")
    #expect(
      below
        == TrainyardProgram.Answer(
          status: 2,
          errors: """
            error: cannot make the folder 'FOLDER/mine/notes.txt/x': Not a directory
              help:  choose another place with --folder

            """))
  }
}
