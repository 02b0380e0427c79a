import Baselines
import Glibc
import Trainyard

extension Bench {
  /// 8 settings of 5 fits each, as a search with cross-validation makes them: 64-32-10 on data like scikit-learn's digits,
  /// at most 20 epochs, early stopping with patience 3, one session for each setting.
  ///
  /// `make bench-peers` does it with the digits themselves, beside the peers.
  func digits() throws -> [Figure] {
    let rates = isSmoke ? [1e-3] : [3e-4, 1e-3, 3e-3, 1e-2]
    let plans = try rates.flatMap { rate in
      try [0.0, 1e-4].map { try plan(digitsPipeline(rate: rate, l2: $0)) }
    }
    var steps = 0
    let seconds = try Rounds.alternate(
      rounds,
      [
        {
          steps = 0
          let start = baseline_now()
          for plan in plans {
            try plan.withSession { session in
              for fold in 1...5 {
                let report = try session.fit(seed: UInt64(fold))
                _ = try Bench.epochs(report)
                steps += report.result.steps
              }
            }
          }
          return baseline_now() - start
        }
      ])[0]
    let perStep = Rounds.median(seconds) / Double(max(1, steps)) * 1e6
    return [Figure("digits", rounds: seconds, parts: [("steps", Double(steps)), ("us_per_step", perStep)])]
  }

  /// `make bench-peers` names a folder with the digits themselves.
  private var digitsData: String {
    guard let folder = getenv("TRAINYARD_DIGITS").map({ String(cString: $0) }) else {
      return "{dataset: synthetic, shape: blobs, rows: 1797, features: 64, classes: 10, noise: 1.2}"
    }
    return "{dataset: idx, images: \(folder)/images.idx, labels: \(folder)/labels.idx}"
  }

  private func digitsPipeline(rate: Double, l2: Double) -> String {
    """
    data:
      train: \(digitsData)
      validation: {fraction: 0.2, stratify: true}
    model: {plugin: mlp, hidden: [32], optimizer: adam, learning_rate: \(rate), l2: \(l2)}
    train: {epochs: \(size(20, smoke: 2)), batch_size: 32, validation_batch_size: 512}
    monitors: [accuracy]
    callbacks: [{plugin: early-stopping, monitor: val_loss, patience: 3}]
    """
  }
}
