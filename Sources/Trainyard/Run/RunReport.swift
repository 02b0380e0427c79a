import PluginHost
import Training

/// What one run gave: the result of the fit, and where its files are.
public struct RunReport: Sendable {
  public var result: FitResult
  /// The run's folder; `nil` where none was asked for.
  public var folder: String?
  public var task: LearningTask
  public var trainingRows: Int
  public var validationRows: Int
  public var batchesPerEpoch: Int
  /// Which way each metric improves, by name.
  public var directions: [String: Direction]
  /// Lines that were said as warnings.
  public var warnings: [String]
  /// Helper processes that died, hung or broke the protocol, in their order, and what became of their instances.
  public var incidents: [HelperIncident] = []
  /// How often the run went back to a checkpoint because its model had died, in their order.
  public var rollbacks: [Rollback] = []
  /// Optimizer steps that were done again after it.
  public var repeatedSteps: Int { rollbacks.reduce(0) { $0 + $1.repeatedSteps } }
  /// What the model, as the run has left it, makes of the validation rows; for a fit that was asked for it and that
  /// finished or was stopped.
  public var heldOut: HeldOutResult?

  /// The run has failed after all. The first failure is the one that is told; others are warnings.
  mutating func fail(_ failure: RunFailure) {
    guard result.failure == nil else {
      warnings.append(failure.description)
      return
    }
    result.failure = failure
    result.outcome = .failed
    result.reason = failure.description
  }

  /// Value and epoch of the best of a metric, by its direction; NaN is never best.
  public func best(_ metric: String, _ direction: Direction) -> (value: Double, epoch: Int)? {
    var best: (value: Double, epoch: Int)?
    for epoch in result.epochs {
      guard let value = epoch[metric], !value.isNaN else { continue }
      let improves = best.map { direction == .max ? value > $0.value : value < $0.value } ?? true
      if improves { best = (value, epoch.index) }
    }
    return best
  }
}

/// A run that was asked to leave before it had begun: nothing was trained, and there is nothing to go on from.
public struct InterruptedBeforeTraining: Error, FailureWords {
  public init() {}

  public var failureWords: (message: String, help: String?) {
    ("interrupted while looking for a learning rate: nothing was trained", nil)
  }
}
