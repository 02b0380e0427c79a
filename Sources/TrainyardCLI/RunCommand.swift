import ArgumentParser
import Trainyard

/// `trainyard run`: a pipeline file, or all from flags, or a file with flags over it.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Trains a model.",
    discussion: """
      A pipeline is a YAML or JSON file, or is put together from flags, or both: flags go over what the file says. \
      A plugin is written id:key=value,key=[a,b], or ./lib.so:key=value.

        trainyard run pipeline.yaml
        trainyard run --data synthetic:shape=moons --model mlp:hidden=16 --callback early-stopping:patience=3

      `trainyard schema --keys` lists every key of a pipeline file.
      """)

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
  @Option(help: "Passes over the training data.")
  var epochs: Int?
  @Option(help: "Rows of a batch.")
  var batchSize: Int?
  @Option(help: "Where all random numbers of the run start.")
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
  @Flag(help: "Check everything, print the resolved config, and do not train.")
  var dryRun = false
  @Flag(name: .shortAndLong, help: "No lines but warnings, errors and the summary.")
  var quiet = false

  func run() throws {
    let interruption = Interruption()
    // Before a plugin is opened, which may start threads.
    if !dryRun { Signals.watch(interruption) }
    let pipeline = try PipelineArguments(self).pipeline()
    let plan = try pipeline.plan()
    if dryRun {
      print(JSONWriter.pretty(plan.resolved), terminator: "")
      return
    }
    let terminal = Terminal(quiet: quiet)
    let report = try plan.run(console: terminal, interruption: interruption)
    if let failure = report.result.failure, report.result.neverBegan {
      ErrorReport.write(ErrorReport.text(failure) + "\n", to: 2)
      throw ExitStatus.unusable
    }
    ErrorReport.write(RunSummaryText(report, plan).text, to: 1)
    if let failure = report.result.failure { ErrorReport.write(ErrorReport.text(failure) + "\n", to: 2) }
    switch report.result.outcome {
    case .finished, .stopped, .running: return
    case .interrupted: throw ExitStatus.interrupted
    case .failed: throw ExitStatus.failed
    }
  }
}
