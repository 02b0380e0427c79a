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

  @OptionGroup var pipelineFlags: PipelineFlags
  @Flag(
    help: """
      Check everything, print the resolved config and list the metrics, and do not train. Callbacks are told of a run \
      that begins and is interrupted before its first batch.
      """)
  var dryRun = false
  @Flag(help: "Go on with the newest unfinished run of this pipeline in its output folder.")
  var resume = false
  @Flag(help: "With --resume: also where config or plugins are not those of the run.")
  var allowChanges = false
  @Flag(name: .shortAndLong, help: "No lines but warnings, errors and the summary.")
  var quiet = false

  /// The config goes where programs read, the metrics where people do.
  private func describe(_ plan: Plan) throws {
    try StandardOutput.write(JSONWriter.pretty(plan.resolved))
    do {
      let metrics = try plan.rehearse()
      if !quiet { ErrorReport.write(MetricListText(metrics).text, to: 2) }
    } catch {
      ErrorReport.write(ErrorReport.text(error) + "\n", to: 2)
      throw ExitStatus.unusable
    }
  }

  func validate() throws {
    if allowChanges, !resume { throw ValidationError("--allow-changes says how to --resume") }
    if resume, dryRun { throw ValidationError("--resume trains, and --dry-run does not") }
  }

  func run() throws {
    let interruption = Interruption()
    // Before a plugin is opened, which may start threads.
    if !dryRun { Signals.watch(interruption) }
    let pipeline = try PipelineArguments(pipelineFlags).pipeline()
    let plan = try pipeline.plan()
    if dryRun { return try describe(plan) }
    let terminal = Terminal(quiet: quiet)
    for (key, name) in [("cross_validation", "cross-validate"), ("search", "search")]
    where plan.resolved[key] != nil {
      terminal.line(
        .info, "one fit is trained; the '\(key)' of this pipeline is for `trainyard \(name)`")
    }
    guard resume else {
      return try RunEnding.tell(try plan.run(console: terminal, interruption: interruption), plan)
    }
    let point = try plan.unfinishedRun(allowsChanges: allowChanges)
    try RunEnding.tell(
      try plan.resume(point, allowsChanges: allowChanges, console: terminal, interruption: interruption), plan
    )
  }
}
