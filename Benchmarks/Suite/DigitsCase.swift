import Baselines
import Glibc
import Support
import Trainyard

extension Bench {
  /// A search over a grid of 8 settings with 5 folds each: 64-32-10 on data like scikit-learn's digits, at most 20 epochs,
  /// early stopping with patience 3. With one worker, and with two side by side.
  ///
  /// `make bench-peers` does it with the digits themselves, beside the peers.
  func digits() throws -> [Figure] {
    let pipeline = try pipeline(digitsPipeline)
    var epochs = 0
    let values = try Rounds.alternate(
      rounds,
      [1, 2].map { workers in
        {
          var search = try Search(pipeline)
          search.workers = workers
          let start = baseline_now()
          let report = try search.run()
          let seconds = baseline_now() - start
          guard report.trials.allSatisfy({ $0.state == .finished }) else {
            throw TestError("a trial failed: \(report.trials.lazy.compactMap(\.error).first ?? "")")
          }
          epochs = report.trials.reduce(0) { $0 + $1.epochs }
          return seconds
        }
      })
    return [
      Figure("digits", rounds: values[0], parts: [("epochs", Double(epochs))]),
      Figure(
        "digits-workers", rounds: values[0] / values[1],
        parts: [("one_s", Rounds.median(values[0])), ("two_s", Rounds.median(values[1]))]),
    ]
  }

  /// `make bench-peers` names a folder with the digits themselves.
  private var digitsData: String {
    guard let folder = getenv("TRAINYARD_DIGITS").map({ String(cString: $0) }) else {
      return "{dataset: synthetic, shape: blobs, rows: 1797, features: 64, classes: 10, noise: 1.2}"
    }
    return "{dataset: idx, images: \(folder)/images.idx, labels: \(folder)/labels.idx}"
  }

  private var digitsPipeline: String {
    let rates = isSmoke ? "[0.001]" : "[0.0003, 0.001, 0.003, 0.01]"
    return """
      data: {train: \(digitsData)}
      model: {plugin: mlp, hidden: [32], optimizer: adam}
      train: {epochs: \(size(20, smoke: 2)), batch_size: 32, validation_batch_size: 512}
      monitors: [accuracy]
      callbacks: [{plugin: early-stopping, monitor: val_loss, patience: 3}]
      cross_validation: {folds: 5, stratify: true}
      search: {strategy: grid, parameters: {model.learning_rate: \(rates), model.l2: [0.0, 0.0001]}}
      output: {folder: \(self.folder("runs")), store: false}
      """
  }
}
