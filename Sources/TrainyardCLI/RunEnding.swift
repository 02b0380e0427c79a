import Trainyard

/// Tells how a run has ended, and ends the command with its status.
enum RunEnding {
  static func tell(_ report: RunReport, _ plan: Plan) throws {
    if let failure = report.result.failure, report.result.neverBegan {
      ErrorReport.write(ErrorReport.text(failure) + "\n", to: 2)
      throw ExitStatus.unusable
    }
    // A reader that went away has nothing to do with how the run ended.
    ErrorReport.write(RunSummaryText(report, plan).text, to: 1)
    if let failure = report.result.failure { ErrorReport.write(ErrorReport.text(failure) + "\n", to: 2) }
    switch report.result.outcome {
    case .finished, .stopped, .running: return
    case .interrupted: throw ExitStatus.interrupted
    case .failed: throw ExitStatus.failed
    }
  }
}
