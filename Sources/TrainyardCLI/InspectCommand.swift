import ArgumentParser
import Trainyard

/// `trainyard inspect`: what a plugin says of itself.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Shows a plugin's kind, version, hooks and options.")

  @Argument(help: "A plugin's id, or the path of a library.", completion: .file(extensions: ["so"]))
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
    let descriptions = try Catalog(folders: pluginFolders).descriptions(of: plugin, component: component)
    if json {
      let schemas = descriptions.map(\.schema)
      print(JSONWriter.pretty(schemas.count == 1 ? schemas[0] : .array(schemas)), terminator: "")
    } else {
      let width = min(max(Terminal.outputWidth ?? 100, 40), 120)
      print(descriptions.map { $0.text(width: width) }.joined(separator: "\n\n"))
    }
  }
}
