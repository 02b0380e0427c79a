import ArgumentParser
import Trainyard

/// `trainyard list`: the plugins that can be found.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the plugins that can be found.")

  @Option(
    name: .customLong("plugins"),
    help: ArgumentHelp("A folder to search first; repeated.", valueName: "folder"))
  var pluginFolders: [String] = []
  @Flag(help: "One JSON array.")
  var json = false
  @Flag(help: "Also where plugins are looked for.")
  var folders = false

  func run() throws {
    let catalog = try Catalog(folders: pluginFolders)
    let (entries, problems) = catalog.entries()
    if json {
      try StandardOutput.write(JSONWriter.pretty(.array(entries.map(object))))
    } else {
      let width = entries.map(\.id.count).max() ?? 0
      for entry in entries {
        let facts = "\(pad(entry.kind, 9))  \(pad(entry.id, width))  \(pad(entry.version, 7))  "
        // A pipe gets a line for each plugin.
        let columns = Terminal.outputWidth.map { max($0, facts.count + 20) } ?? .max
        let summary = PluginDescription.wrapped(entry.summary, indent: facts.count, width: columns)
        try StandardOutput.line(facts + summary.joined(separator: "\n").dropFirst(facts.count))
      }
      if entries.isEmpty { try StandardOutput.line("no plugins found") }
    }
    if folders || entries.isEmpty {
      try StandardOutput.line("\nsearched, in this order:")
      for folder in catalog.folders { try StandardOutput.line("  \(folder)") }
    }
    for problem in problems { ErrorReport.write(problem.rendered + "\n", to: 2) }
    if !problems.isEmpty { throw ExitStatus.unusable }
  }

  private func object(_ entry: Catalog.Entry) -> JSONValue {
    [
      "kind": .string(entry.kind), "id": .string(entry.id), "version": .string(entry.version),
      "summary": .string(entry.summary), "library": .string(entry.library),
    ]
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
