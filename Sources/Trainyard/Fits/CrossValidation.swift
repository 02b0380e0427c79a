import PluginHost
import Training

/// One fit for each fold of the training data, validated on the rows that are held out, with one instance of each plugin
/// for all fits of a worker.
///
/// ```swift
/// let report = try CrossValidation(plan).run()
/// for metric in report.metrics { print(metric.name, metric.mean, metric.standardDeviation) }
/// ```
public struct CrossValidation: Sendable {
  public var plan: Plan
  public var folds: FoldSettings
  /// Fits side by side; `nil`: as many as the cores carry, with `plan.training.threads` each. Changes nothing in the
  /// results.
  public var workers: Int?
  /// New instances for each fit: the results are the same.
  public var isFresh = false

  /// - Parameters:
  ///   - plan: What is trained on each fold.
  ///   - folds: As the plan says, unless given; else five folds in a random order by the plan's seed.
  public init(_ plan: Plan, folds: FoldSettings? = nil) {
    self.plan = plan
    var standard = FoldSettings()
    standard.seed = plan.training.seed
    self.folds = folds ?? plan.crossValidation?.folds ?? standard
    workers = plan.crossValidation?.workers
  }

  /// Trains every fold. One that fails is in the report, and the others go on.
  ///
  /// Where the plan writes runs to a folder, this one has `fold-1/` and so on, each as a run leaves it, and beside them
  /// `folds.csv`, `predictions.csv` and `summary.json`.
  /// - Throws: What keeps all folds from beginning: data that cannot be divided as asked, a setting of the model.
  public func run(
    console: any Console = SilentConsole(), interruption: Interruption = Interruption()
  ) throws -> CrossValidationReport {
    try checkValidation()
    var warnings: [String] = []
    if case .fraction(let fraction, _) = plan.data.validation {
      warnings.append(
        "data.validation (fraction \(fraction)) is not used: each fold is validated on the rows that it holds out"
      )
    }
    let display = ManyFitsDisplay(console, noun: "fold")
    for warning in warnings { display.warn(warning) }
    let entry = CrossValidationEntry(plan)
    let source = CrossValidationSource(self, display, interruption, entry)
    var pool = FitPool(workers: fitCount, threads: plan.training.threads, isFresh: isFresh)
    pool.console = { display.console(for: source.label($0.number)) }
    let start = RunClock.system.monotonic()
    do {
      try pool.run(source, interruption: interruption)
    } catch {
      display.end()
      source.discard()
      throw error
    }
    display.end()
    var report = try source.report()
    report.seconds = Double(RunClock.system.monotonic() - start) / 1e9
    report.warnings = warnings + report.warnings
    do { try CrossValidationFiles(report, self).write() } catch {
      report.fileError = error
    }
    entry.end(&report)
    return report
  }

  /// The rows held out are the validation: another dataset cannot be.
  func checkValidation() throws(ConfigProblems) {
    guard case .dataset = plan.data.validation else { return }
    throw ConfigProblems([
      ConfigProblem(
        .conflict,
        "'data.validation' names a dataset, and a cross-validation validates on rows of 'data.train'",
        in: "data.validation",
        help:
          "leave it out (--set data.validation=null), and measure that dataset with `trainyard evaluate` afterwards"
      )
    ])
  }

  /// Workers that would stand idle are not made.
  private var fitCount: Int {
    let wanted = workers ?? FitPool.defaultWorkers(threads: plan.training.threads)
    guard folds.strategy != .leaveOneOut else { return wanted }
    let (fits, overflow) = folds.folds.multipliedReportingOverflow(by: folds.repeats)
    return overflow ? wanted : min(wanted, max(1, fits))
  }
}
