import ArgumentParser
import Trainyard

/// `trainyard resume`: goes on with a run in its folder.
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Goes on with a run that was left.",
    discussion: """
      From its newest checkpoint, with the config in its folder, to the end that it would have had: weights, metrics \
      and files are the same, bit for bit. `trainyard run --resume pipeline.yaml` finds the run by its pipeline.

        trainyard resume runs/20260102-030405
        trainyard resume runs/20260102-030405 --epochs 50

      Secrets are not kept in a run's folder: a run that needs one is resumed by its pipeline.
      """)

  @Argument(help: "The run's folder.", completion: .directory)
  var folder: String
  @Option(
    parsing: .unconditional,
    help:
      "Epochs in all, more than it was begun with; a finished run has kept its last checkpoint for that where checkpoints.keep_finished is true."
  )
  var epochs: Int?
  @Option(
    name: .customLong("plugins"),
    help: ArgumentHelp("A folder to search for plugins first; repeated.", valueName: "folder"))
  var pluginFolders: [String] = []
  @Flag(help: "Also where plugins or data are not those of the run.")
  var allowChanges = false
  @Flag(help: "Do not start without a lock file, see `trainyard lock`.")
  var locked = false
  @Flag(name: .shortAndLong, help: "No lines but warnings, errors and the summary.")
  var quiet = false

  func run() throws {
    let interruption = Interruption()
    // Before a plugin is opened, which may start threads.
    Signals.watch(interruption)
    let point = try ResumePoint(folder)
    var pipeline = try Pipeline(resuming: point, epochs: epochs)
    if locked, pipeline.search.pins == nil { throw LockFile.missing(in: pipeline.config.baseFolder) }
    pipeline.searchFirst(pluginFolders.map { PathText.absolute($0) })
    let plan = try pipeline.plan()
    let report = try plan.resume(
      point, allowsChanges: allowChanges, console: Terminal(quiet: quiet), interruption: interruption)
    try RunEnding.tell(report, plan)
  }
}
