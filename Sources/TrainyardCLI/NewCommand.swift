import ArgumentParser
import Trainyard

/// `trainyard new`: a project that builds and is checked as it stands.
struct NewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Makes a project for a new plugin.",
    discussion: """
      It builds with one command, has a test that runs `trainyard check`, and a README.

        trainyard new callback my-callback --language c
      """)

  @Argument(help: "callback, model, monitor or dataset.")
  var kind: NewProject.Kind
  @Argument(help: "The plugin's id, as its users will write it: my-callback.")
  var name: String
  @Option(help: "swift, c, cpp or rust.")
  var language = NewProject.Language.swift
  @Option(help: ArgumentHelp("Where to make it; ./NAME otherwise.", valueName: "path"))
  var folder: String?

  func run() throws {
    let project = try NewProject(kind, name: name, in: language)
    let folder = folder ?? name
    try project.write(to: PathText.absolute(folder))
    try StandardOutput.line("\(folder): a \(kind.rawValue) that works as it stands\n")
    for command in ["cd \(folder)"] + project.commands { try StandardOutput.line("  \(command)") }
  }
}

extension NewProject.Kind: ExpressibleByArgument {}
extension NewProject.Language: ExpressibleByArgument {}
