import ArgumentParser

/// A pipeline on the command line: a file, flags, or flags over a file.
struct PipelineFlags: ParsableArguments {
  @Argument(help: "A pipeline file, YAML or JSON.", completion: .file(extensions: ["yaml", "yml", "json"]))
  var pipeline: String?

  @Option(help: ArgumentHelp("The dataset to train on.", valueName: "plugin"))
  var data: String?
  @Option(
    help: ArgumentHelp("A fraction of the data, or a dataset, to validate on.", valueName: "0.1|plugin"))
  var validation: String?
  @Option(help: ArgumentHelp("The model.", valueName: "plugin"))
  var model: String?
  @Option(name: .customLong("monitor"), help: ArgumentHelp("A monitor; repeated.", valueName: "plugin"))
  var monitors: [String] = []
  @Option(
    name: .customLong("callback"),
    help: ArgumentHelp("A callback; repeated, in this order.", valueName: "plugin"))
  var callbacks: [String] = []
  @Option(parsing: .unconditional, help: "Passes over the training data.")
  var epochs: Int?
  @Option(parsing: .unconditional, help: "Rows of a batch.")
  var batchSize: Int?
  @Option(parsing: .unconditional, help: "Where all random numbers of the run start.")
  var seed: UInt64?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Any key of the file, as in train.threads=2; repeated.", valueName: "path=value"))
  var settings: [String] = []
  @Option(help: ArgumentHelp("The folder in which runs get folders.", valueName: "folder"))
  var output: String?
  @Option(help: "The name of this run's folder; the date and time otherwise.")
  var name: String?
  @Option(
    name: .customLong("plugins"),
    help: ArgumentHelp("A folder to search for plugins first; repeated.", valueName: "folder"))
  var pluginFolders: [String] = []
  @Flag(help: "Run every plugin that does not say isolate=false in a helper process.")
  var isolate = false
  @Flag(help: "Do not start without a lock file, see `trainyard lock`.")
  var locked = false
}
