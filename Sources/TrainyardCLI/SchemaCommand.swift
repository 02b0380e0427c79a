import ArgumentParser
import Trainyard

/// `trainyard schema`: what a pipeline file may say.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Prints the JSON Schema of pipeline files, for editors.",
    discussion: "It has the options of every plugin that can be found.")

  @Option(
    name: .customLong("plugins"),
    help: ArgumentHelp("A folder to search first; repeated.", valueName: "folder"))
  var pluginFolders: [String] = []
  @Flag(help: "A list of all keys, for people.")
  var keys = false

  func run() throws {
    try StandardOutput.write(
      keys ? PipelineSection.listing : JSONWriter.pretty(Catalog(folders: pluginFolders).pipelineSchema()))
  }
}
