import RunStore
import Training

/// A trial that this process works on.
struct ActiveTrial {
  var number: Int
  var point: SearchPoint
  var plan: Plan
  /// The claim; `nil` without a store.
  var record: TrialRecord?
  /// By rung: what other trials had there, for those that may be looked at.
  var others: [[Double]]
  /// Fits up to here may run: at a rung of folds, what comes behind it is decided when all before it have ended.
  var barrier: Int
  /// The next fit to hand out.
  var next = 0
  var inFlight = 0
  var ended: [Int: EndedFit] = [:]
  var isInterrupted = false
  var observer: RungObserver?
  /// The rungs of folds that are still to be decided.
  var rungs: [Int] = []

  /// A fit that can be handed out now.
  var hasWork: Bool { !isInterrupted && next < barrier && !ended.values.contains { $0.record.hasFailed } }

  /// Fits in order, up to and with the first that failed: what ran beside that does not count, or results would depend
  /// on the number of workers. `nil`: one of them is still running.
  var ending: [EndedFit]? {
    var fits: [EndedFit] = []
    for index in 0..<barrier {
      guard let fit = ended[index] else { return nil }
      fits.append(fit)
      if fit.record.hasFailed { break }
    }
    return fits
  }
}

extension FitRecord {
  var hasFailed: Bool { outcome == Outcome.failed.name }
}
