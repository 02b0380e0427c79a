import ArgumentParser
import Trainyard

/// `trainyard replay`: callbacks on the recording of a run, without training.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Tries callbacks on a recorded run, without training.",
    discussion: """
      Would patience 5 have stopped earlier? Each callback is shown what the run's own were shown, and what it asks \
      for is told: when it stops, with which weights the run ends, learning rates, files.

        trainyard replay runs/20260101-120000 --callback early-stopping:patience=2 --callback early-stopping:patience=5

      A recording is a run's folder, its events.jsonl, or a case of a file of traces. For callbacks that act at \
      batches, the run must have been recorded with output.record: batches.

      Nothing is trained and the run's folder stays as it is, but two callbacks act for real, as in a run: \
      remote-monitor posts to its server, and call calls its C function.
      """)

  @Argument(help: "The folder of a run, an events.jsonl, or a file of traces.", completion: .directory)
  var recording: String
  @Option(
    name: .customLong("callback"), help: ArgumentHelp("A callback to try; repeated.", valueName: "plugin"))
  var callbacks: [String] = []
  @Flag(help: "All callbacks in one list, in this order; else each by itself.")
  var together = false
  @Option(
    name: .customLong("case"), help: ArgumentHelp("Of a file of traces: a case.", valueName: "name|number"))
  var caseName: String?
  @Option(help: ArgumentHelp("Of a case with several fits: which, from 1.", valueName: "number"))
  var fit = 1
  @Option(
    help: ArgumentHelp(
      "Where the files go that callbacks write; else they are thrown away.", valueName: "folder"))
  var output: String?
  @Option(
    name: .customLong("plugins"),
    help: ArgumentHelp("A folder to search first; repeated.", valueName: "folder"))
  var pluginFolders: [String] = []
  @Flag(help: "Do not start without a lock file, see `trainyard lock`.")
  var locked = false
  @Flag(help: "One JSON object.")
  var json = false

  func validate() throws {
    guard fit > 0 else { throw ValidationError("--fit is \(fit), and fits are counted from 1") }
  }

  func run() throws {
    let replay = try Replay(
      recording, caseName: caseName, fit: fit, pluginFolders: pluginFolders, isLocked: locked)
    for warning in replay.warnings { ErrorReport.write("warning: \(warning)\n", to: 2) }
    let reports = try replay.play(callbacks, together: together, folder: output.map(PathText.absolute))
    if json {
      try StandardOutput.write(JSONWriter.pretty(object(replay, reports)))
    } else {
      try StandardOutput.write(ReplayText(replay.recording, reports).text)
    }
    if reports.contains(where: { $0.failure != nil }) { throw ExitStatus.failed }
  }

  private func object(_ replay: Replay, _ reports: [ReplayReport]) -> JSONValue {
    [
      "recording": .string(recording), "epochs": .int(Int64(replay.recording.epochs.count)),
      "planned_epochs": .int(Int64(replay.recording.plannedEpochs)),
      "metrics": .array(replay.recording.metrics.map { .string($0.name) }),
      "warnings": .array(replay.warnings.map { .string($0) }), "together": .bool(together),
      "callbacks": .array(reports.map(\.json)),
    ]
  }
}
