import ArgumentParser
import Trainyard

/// `trainyard inspect`: what a plugin says of itself.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows a plugin's kind, version, hooks and options, or the metrics of a pipeline.")

  @Argument(
    help: "A plugin's id, the path of a library, or a pipeline file.",
    completion: .file(extensions: ["so", "yaml", "yml", "json"]))
  var plugin: String
  @Option(help: "Which component of a library that has several.")
  var component: String?
  @Option(
    name: .customLong("plugins"),
    help: ArgumentHelp("A folder to search first; repeated.", valueName: "folder"))
  var pluginFolders: [String] = []
  @Flag(help: "The options as JSON Schema.")
  var json = false

  func run() throws {
    if [".yaml", ".yml", ".json"].contains(where: plugin.hasSuffix) {
      var pipeline = try Pipeline(contentsOf: plugin)
      pipeline.searchFirst(pluginFolders.map(PathText.absolute))
      _ = ErrorReport.write(MetricListText(try pipeline.plan().metrics()).text, to: 1)
      return
    }
    let catalog = try Catalog(folders: pluginFolders)
    let descriptions = try catalog.descriptions(of: plugin, component: component)
    if json {
      let schemas = descriptions.map(\.schema)
      try StandardOutput.write(JSONWriter.pretty(schemas.count == 1 ? schemas[0] : .array(schemas)))
    } else {
      let width = min(max(Terminal.outputWidth ?? 100, 40), 120)
      try StandardOutput.line(
        descriptions.map { $0.text(width: width, words: catalog.words(of: $0)) }.joined(separator: "\n\n"))
    }
  }
}
