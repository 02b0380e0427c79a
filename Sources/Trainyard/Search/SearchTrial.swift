import RunStore
import Training

/// A trial of a search and what came of it.
public struct SearchTrial: Sendable {
  /// From 0, in the order of the proposals.
  public var number: Int
  /// Path and value of each parameter that counts.
  public var parameters: [(path: String, value: ConfigNode)]
  public var state: TrialState
  /// Of the objective: for a pruned trial that at its last rung; `nil` for a failed one.
  public var value: Double?
  public var seed: UInt64
  public var error: String?
  /// One, or one for each fold, in order.
  public var fits: [FitRecord] = []
  /// Of the fits that this process has run; empty for trials of an earlier or another one.
  public var reports: [RunReport] = []

  /// The epochs of all fits.
  public var epochs: Int { fits.reduce(0) { $0 + $1.epochs } }
  public var seconds: Double { fits.reduce(0) { $0 + $1.seconds } }

  /// `model.hidden=[32] model.optimizer=sgd`
  public var parameterText: String {
    parameters.map { "\($0.path)=\($0.value)" }.joined(separator: " ")
  }
}

/// A fit that has ended, with the objective's values over its epochs.
struct EndedFit: Sendable {
  var record: FitRecord
  var series: [(epoch: Int, value: Double)]
  var metrics: [MetricRecord] = []
  var report: RunReport?
}

extension TrialOutcome {
  /// - Parameter fits: Of the trial, in order.
  init(_ trial: SearchTrial, _ point: SearchPoint, _ fits: [EndedFit], _ rules: SearchRules) {
    let state: State =
      switch trial.state {
      case .finished: .finished
      case .pruned: .pruned
      case .failed, .waiting, .running, .interrupted: .failed
      }
    self.init(
      number: trial.number, point: point, state: state, value: state == .failed ? nil : trial.value,
      rungs: rules.rungValues(of: fits))
  }
}
