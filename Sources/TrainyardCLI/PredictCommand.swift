import ArgumentParser
import Trainyard

/// `trainyard predict`: a trained model's answers, as CSV.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Writes a trained model's predictions as CSV.",
    discussion: "  trainyard predict runs/20260101-120000 --data csv:file=new.csv --output predictions.csv")

  @Argument(help: "The folder of a run, or the model/ in it.", completion: .directory)
  var folder: String
  @Option(help: ArgumentHelp("The dataset; it needs no target.", valueName: "plugin"))
  var data: String
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A file, written whole or not at all; else standard output.", valueName: "file"))
  var output: String?
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
    guard let output else { return try model.predict(data: data) { try StandardOutput.write($0) } }
    try AtomicFile.write(to: output) { file in
      // A noncopyable file cannot be captured: its bytes are gathered batch by batch.
      var text = ""
      try model.predict(data: data) { text += $0 }
      try file.write(text)
    }
  }
}
