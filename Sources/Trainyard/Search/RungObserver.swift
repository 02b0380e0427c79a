import Synchronization
import Training

/// Ends a fit at a rung where its trial is not among the best.
final class RungObserver: FitObserver {
  static let party = "halving"

  private let rules: SearchRules
  private let rungs: [Int]
  /// What a value at a rung is compared with.
  private let others: @Sendable (_ rung: Int, _ value: Double) -> [Double]
  private let progress = Mutex(Progress())

  private struct Progress {
    var series: [(epoch: Int, value: Double)] = []
    var hasEnded = false
  }

  init(
    _ rules: SearchRules, epochs: Int, others: @escaping @Sendable (_ rung: Int, _ value: Double) -> [Double]
  ) {
    self.rules = rules
    rungs = rules.rungs(epochs: epochs)
    self.others = others
  }

  var name: String { Self.party }

  /// Whether the fit was ended here.
  var hasEnded: Bool { progress.withLock { $0.hasEnded } }

  func epochEnded(_ epoch: Epoch) -> String? {
    progress.withLock { progress in
      if let value = epoch[rules.objective.metric] { progress.series.append((epoch.index, value)) }
      let done = epoch.index + 1
      guard let rung = rungs.firstIndex(of: done), let value = rules.objective.value(of: progress.series)
      else { return nil }
      let reason = rules.reasonToEnd(value, at: done, among: others(rung, value))
      progress.hasEnded = reason != nil
      return reason
    }
  }
}
