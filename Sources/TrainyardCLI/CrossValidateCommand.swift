import ArgumentParser
import Trainyard

/// `trainyard cross-validate`: one fit for each fold of the training data.
struct CrossValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cross-validate",
    abstract: "Trains a model for each fold of the data, and says how they differ.",
    discussion: """
      How the data is divided stands under 'cross_validation' in the pipeline file, and is five folds in a random \
      order where nothing is said. The rows that a fold holds out are its validation.

        trainyard cross-validate pipeline.yaml --folds 10 --set cross_validation.stratify=true

      `trainyard schema --keys` lists every key of cross_validation.
      """)

  @OptionGroup var pipelineFlags: PipelineFlags
  @Option(parsing: .unconditional, help: "Parts that the rows are divided into.")
  var folds: Int?
  @Option(parsing: .unconditional, help: "Fits side by side; cores / train.threads otherwise.")
  var workers: Int?
  @Flag(help: "New instances of all plugins for each fold. The results are the same.")
  var fresh = false
  @Flag(name: .shortAndLong, help: "No lines but warnings, errors and the summary.")
  var quiet = false

  func run() throws {
    let interruption = Interruption()
    // Before a plugin is opened, which may start threads.
    Signals.watch(interruption)
    var arguments = PipelineArguments(pipelineFlags)
    if let folds { arguments.set("--folds", ["cross_validation", "folds"], folds) }
    if let workers { arguments.set("--workers", ["cross_validation", "workers"], workers) }
    var validation = CrossValidation(try arguments.pipeline().plan())
    validation.isFresh = fresh
    let report = try validation.run(console: Terminal(quiet: quiet), interruption: interruption)
    ErrorReport.write(CrossValidationText(report).text, to: 1)
    if let error = report.firstError { ErrorReport.write(ErrorReport.text(error) + "\n", to: 2) }
    switch report.outcome {
    case .finished, .stopped, .running: return
    case .interrupted: throw ExitStatus.interrupted
    case .failed: throw ExitStatus.failed
    }
  }
}

extension CrossValidationReport {
  fileprivate var firstError: (any Error)? {
    for fold in folds {
      switch fold.result {
      case .failure(let error): return error
      case .success(let report): if let failure = report.result.failure { return failure }
      }
    }
    return fileError
  }
}
