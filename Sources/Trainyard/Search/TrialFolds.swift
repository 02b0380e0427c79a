import Training

/// The fits of a trial, one for each fold of a cross-validation.
struct TrialFolds: Sendable {
  var count: Int
  /// The request of a fit, without folder and observer.
  var request: @Sendable (_ plan: Plan, _ fit: Int) -> FitRequest
  /// Repeat and fold, both from 0.
  var label: @Sendable (_ fit: Int) -> (repeat: Int, fold: Int)
  /// Of a fit in its trial's folder: `fold-2`.
  var folderName: @Sendable (_ fit: Int) -> String
}

extension Halving {
  init(_ config: SearchConfig.Rungs, folds: Bool) {
    self.init(
      minimum: (folds ? config.minFolds : config.minEpochs) ?? 1, reductionFactor: config.reductionFactor)
  }
}
