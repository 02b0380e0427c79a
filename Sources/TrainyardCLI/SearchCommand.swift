import ArgumentParser
import Trainyard

/// `trainyard search`: many runs with other values of some options, and the best of them.
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Searches for good parameters.",
    discussion: """
      What is varied, and how, stands under 'search' in the pipeline file. With 'cross_validation' in it, each trial is \
      fitted once for each fold, and its value is the mean.

        trainyard search pipeline.yaml --trials 50 --time-limit 1h
        trainyard search pipeline.yaml --set search.strategy=random --set search.halving.min_epochs=2

      Trials are kept in a store beside the runs. The same command again goes on with what is not done, also after the \
      search was killed; several processes may run it at once. The trials are the same with any number of workers.
      `trainyard schema --keys` lists every key of search.
      """)

  @OptionGroup var pipelineFlags: PipelineFlags
  @Option(parsing: .unconditional, help: "Trials at most; a search that has fewer goes on.")
  var trials: Int?
  @Option(help: ArgumentHelp("Begins no trial after so long.", valueName: "1h30m"))
  var timeLimit: String?
  @Option(parsing: .unconditional, help: "Fits side by side; cores / train.threads otherwise.")
  var workers: Int?
  @Option(help: ArgumentHelp("The store; trainyard.db beside the runs otherwise.", valueName: "file"))
  var store: String?
  @Flag(help: "New instances of all plugins for each fit. The results are the same.")
  var fresh = false
  @Flag(help: "Check everything, say what would be searched, and do not train.")
  var dryRun = false
  @Flag(name: .shortAndLong, help: "No lines but warnings, errors and the summary.")
  var quiet = false

  func run() throws {
    let interruption = Interruption()
    // Before a plugin is opened, which may start threads.
    if !dryRun { Signals.watch(interruption) }
    var search = try Search(pipeline())
    search.isFresh = fresh
    guard !dryRun else { return try StandardOutput.write(SearchSpaceText(search).text) }
    let report = try search.run(console: Terminal(quiet: quiet), interruption: interruption)
    // A reader that went away has nothing to do with how the search ended.
    ErrorReport.write(SearchText(report, search.space).text(width: Terminal.outputWidth), to: 1)
    if report.ending == .interrupted { throw ExitStatus.interrupted }
    guard report.best == nil, let failed = report.trials.first(where: { $0.state == .failed }) else { return }
    let message = "all trials failed; the first: \(failed.error ?? "for no reason that was told")"
    ErrorReport.write(
      ErrorReport.lines(message, help: "try one alone: \(tryAlone(failed))") + "\n", to: 2)
    throw ExitStatus.failed
  }

  private func pipeline() throws -> Pipeline {
    var arguments = PipelineArguments(pipelineFlags)
    if let trials { arguments.set("--trials", ["search", "trials"], trials) }
    if let timeLimit { arguments.set("--time-limit", ["search", "time_limit"], .string(timeLimit)) }
    if let workers { arguments.set("--workers", ["search", "workers"], workers) }
    if let store { arguments.set("--store", ["output", "store"], .string(PathText.absolute(store))) }
    return try arguments.pipeline()
  }

  private func tryAlone(_ trial: SearchTrial) -> String {
    let file = pipelineFlags.pipeline ?? "…"
    let settings = trial.parameters.filter {
      !$0.path.hasPrefix("callbacks.") && !$0.path.hasPrefix("monitors.")
    }
    return (["trainyard run \(file)"] + settings.map { "--set '\($0.path)=\($0.value)'" })
      .joined(separator: " ")
  }
}
