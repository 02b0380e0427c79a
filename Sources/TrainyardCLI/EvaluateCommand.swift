import ArgumentParser
import Trainyard

/// `trainyard evaluate`: a trained model on data with a target.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures a trained model on a dataset.",
    discussion:
      "  trainyard evaluate runs/20260101-120000 --data csv:file=test.csv,target=species --monitor accuracy")

  @Argument(help: "The folder of a run, or the model/ in it.", completion: .directory)
  var folder: String
  @Option(help: ArgumentHelp("The dataset.", valueName: "plugin"))
  var data: String
  @Option(name: .customLong("monitor"), help: ArgumentHelp("A monitor; repeated.", valueName: "plugin"))
  var monitors: [String] = []
  @Option(help: "Rows of a batch.")
  var batchSize = 1024
  @Option(help: "Threads for the model.")
  var threads = 1
  @Option(
    name: .customLong("plugins"),
    help: ArgumentHelp("A folder to search first; repeated.", valueName: "folder"))
  var pluginFolders: [String] = []
  @Flag(help: "Run every plugin that does not say isolate=false in a helper process.")
  var isolate = false
  @Flag(help: "Do not start without a lock file, see `trainyard lock`.")
  var locked = false
  @Flag(help: "One JSON object.")
  var json = false

  func validate() throws {
    guard batchSize > 0 else { throw ValidationError("--batch-size is \(batchSize), and must be at least 1") }
    guard threads > 0 else { throw ValidationError("--threads is \(threads), and must be at least 1") }
  }

  func run() throws {
    var model = try TrainedModel(
      folder, pluginFolders: pluginFolders, isolatesAll: isolate, isLocked: locked)
    model.batchSize = batchSize
    model.threads = threads
    model.console = Terminal()
    let values = try model.evaluate(data: data, monitors: monitors)
    if json {
      try StandardOutput.write(
        JSONWriter.pretty(.object(values.map { JSONValue.Member($0.name, .double($0.value)) })))
    } else {
      let width = values.map(\.name.count).max() ?? 0
      for (name, value) in values {
        try StandardOutput.line(name + String(repeating: " ", count: width - name.count) + "  \(value)")
      }
    }
  }
}
