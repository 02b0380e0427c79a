import Training

/// A fit in a queue, under a number that whoever hands out the jobs has given it.
public struct FitJob: Sendable {
  public var number: Int
  public var request: FitRequest

  public init(number: Int, request: FitRequest) {
    self.number = number
    self.request = request
  }
}

/// Hands out jobs and takes their results. Called by several threads at once.
protocol FitSource: AnyObject, Sendable {
  /// Called once, on the thread of the first worker and before any `next`: what has to be read of the data can be
  /// read through the worker, which keeps it open. An error ends the pool before its first job.
  func prepare(_ worker: Worker) throws
  /// The next job, or `nil` when there will be no more. May wait for results of others; must not once an interruption
  /// is requested and nothing is running.
  func next() -> FitJob?
  /// A job has ended: with a report, whatever its outcome, or with the error that let it not even begin. Each job that
  /// was handed out ends exactly once, after an interruption as well.
  func finished(_ job: FitJob, _ result: Result<RunReport, any Error>)
}

extension FitSource {
  func prepare(_ worker: Worker) throws {}
}
