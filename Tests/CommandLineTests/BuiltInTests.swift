import Support
import Testing
import Trainyard

/// The libraries that the package itself makes, by the table in Package.swift.
@Suite struct BuiltInTests {
  let program: TrainyardProgram

  init() throws { program = try TrainyardProgram() }

  /// Folder of the kind, and id.
  static let table: [(kind: String, id: String)] = {
    let manifest = (try? readText(packageFolder() + "/Package.swift")) ?? ""
    return manifest.matches(of: #/Plugin\(kind: "([A-Za-z]+)s", id: "([a-z0-9-]+)"/#).map {
      (kind: $0.output.1.lowercased(), id: String($0.output.2))
    }
  }()

  @Test func `the table has plugins of every kind`() {
    #expect(Set(Self.table.map(\.kind)) == ["callback", "model", "monitor", "dataset"])
  }

  @Test(arguments: table.map(\.id))
  func `a built-in library exports one symbol`(_ id: String) throws {
    let symbols = try Shell.check(["nm", "-D", "--defined-only", "--format=posix", try builtLibrary(id)])
    #expect(
      symbols.output.split(separator: "\n").map { $0.prefix { $0 != " " } } == ["trainyard_plugin"],
      "\(symbols.output)")
  }

  @Test func `a list names every built-in plugin`() throws {
    let answer = try program.run("list")
    #expect(answer.status == 0)
    #expect(answer.errors == "")
    let listed = answer.output.split(separator: "\n").map {
      $0.split(separator: " ").prefix(2).joined(separator: " ")
    }
    for (kind, id) in Self.table { #expect(listed.contains("\(kind) \(id)")) }
    let list = try JSONValue(parsing: try program.run("list --json").output, from: "list")
    #expect(
      list.array?.compactMap { $0["id"]?.string }.sorted()
        == listed.map { String($0.split(separator: " ")[1]) }.sorted())
    for entry in list.array ?? [] {
      for key in ["kind", "id", "version", "summary", "library"] {
        #expect(entry[key]?.string?.isEmpty == false)
      }
    }
  }

  @Test(arguments: table.map(\.id))
  func `inspecting a built-in plugin tells kind, version, hooks and options`(_ id: String) throws {
    let kind = Self.table.first { $0.id == id }?.kind ?? ""
    let answer = try program.run("inspect \(id)")
    #expect(answer.status == 0)
    let lines = answer.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines[0].hasPrefix("\(kind) '\(id)', version "), "\(lines[0])")
    #expect(lines[0].firstMatch(of: #/version \d+\.\d+\.\d+$/#) != nil, "\(lines[0])")
    #expect(lines.contains { $0.hasPrefix("  library:     ") })
    #expect(lines.contains { $0.hasPrefix("  built for:   ABI ") })
    if kind == "callback" { #expect(lines.contains { $0.hasPrefix("  hooks:       on_") }) }

    let schema = try JSONValue(parsing: try program.run("inspect \(id) --json").output, from: id)
    #expect(schema["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema["title"]?.string == "\(kind) \(id)")
    #expect(schema["type"]?.string == "object")
    for (key, option) in members(schema["properties"]) {
      #expect(option["description"]?.string?.isEmpty == false, "\(key)")
      let facts = option["type"] ?? option["enum"] ?? option["anyOf"] ?? option["oneOf"]
      #expect(facts != nil, "\(key)")
      // A line of facts, and the doc below it.
      let first = lines.firstIndex(of: "options:") ?? 0
      let index = lines[first...].firstIndex { $0.hasPrefix("  \(key): ") }
      #expect(index != nil, "\(key)")
      if let index { #expect(lines[index + 1].hasPrefix("      ")) }
    }
  }

  private func members(_ value: JSONValue?) -> [(String, JSONValue)] {
    guard case .object(let members)? = value else { return [] }
    return members.map { ($0.name, $0.value) }
  }

  @Test func `inspecting a plugin in C tells all that it says`() throws {
    _ = try compileComponents("module.component_count = 1", as: "one", in: program.folder)
    let answer = try program.run("inspect ./libone.so")
    #expect(answer.status == 0)
    #expect(
      answer.output.replacing(#/ABI \d+\.\d+/#, with: "ABI #") == """
        callback 'a-callback', version 1.2.0
          A callback for tests.

          library:     FOLDER/libone.so
          built for:   ABI #
          license:     Apache-2.0
          author:      A. Author
          hooks:       on_epoch_end

        options:
          mode: min | max, default min
              Which way is better.
          patience: int, at least 0, in epochs, default 3
              How long to wait.

        """)
    #expect(
      try program.run("inspect ./libone.so --json").output == """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "callback a-callback",
          "description": "A callback for tests.",
          "type": "object",
          "properties": {
            "mode": {
              "description": "Which way is better.",
              "enum": ["min", "max"],
              "default": "min"
            },
            "patience": {
              "description": "How long to wait. (epochs)",
              "type": "integer",
              "minimum": 0,
              "default": 3
            }
          },
          "additionalProperties": false
        }

        """)
  }

  @Test func `the schema of a pipeline file has every plugin`() throws {
    let answer = try program.run("schema")
    #expect(answer.status == 0)
    let schema = try JSONValue(parsing: answer.output, from: "schema")
    for key in ["data", "model", "train", "monitors", "callbacks", "output"] {
      #expect(schema["properties"]?[key] != nil)
    }
    for (_, id) in Self.table { #expect(answer.output.contains("\"\(id)\""), "\(id)") }
    let keys = try program.run("schema --keys").output
    #expect(keys.contains("train: "))
    #expect(keys.contains("  epochs: int, default 10, at least 1. Passes over the training data.\n"))
  }

  @Test(arguments: ["", "run", "list", "inspect", "schema", "evaluate", "predict"])
  func `help says what a command is for and how it is written`(_ command: String) throws {
    let answer = try program.run("\(command) --help")
    #expect(answer.status == 0)
    #expect(answer.errors == "")
    #expect(answer.output.hasPrefix("OVERVIEW: "))
    #expect(answer.output.contains("USAGE: trainyard " + (command.isEmpty ? "<subcommand>" : command)))
    if command.isEmpty { #expect(answer.output.contains("Exit status: 0 when all is well")) }
  }
}
