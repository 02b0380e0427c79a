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
