import Glibc
import Trainyard

// Trainyard inside a program of one's own: a pipeline as a value, a console of one's own, the history as data.

/// Takes the lines that a run says.
final class Lines: Console {
  private(set) var said: [String] = []
  func line(_ level: LogLevel, _ text: String) { said.append(text) }
  func status(_ text: String) {}
  var width: Int { 0 }
}

@main
struct EmbedTheHost {
  static func main() {
    do { try train() } catch {
      print("\(error)")
      exit(1)
    }
  }

  static func train() throws {
    let pipeline = try Pipeline([
      "data": [
        "train": ["dataset": "synthetic", "shape": "spirals", "rows": 600], "validation": ["fraction": 0.2],
      ],
      "model": ["plugin": "mlp", "hidden": [32, 32], "activation": "tanh", "learning_rate": 0.01],
      "train": ["epochs": 40, "batch_size": 32, "seed": 3],
      "monitors": ["accuracy"],
      "callbacks": [["plugin": "early-stopping", "monitor": "val_accuracy", "patience": 5], "progress"],
    ])
    // Plugins are found and all options checked here; nothing has been created yet.
    var plan = try pipeline.plan()
    plan.output.folder = nil  // a run without files

    let lines = Lines()
    let report = try plan.run(console: lines)

    print("\(lines.said.count) lines were said, the last: \(lines.said.last ?? "")")
    print("\(report.result.outcome.name): \(report.result.reason)")
    if let best = report.best("val_accuracy", .max) {
      print("best val_accuracy \(best.value) in epoch \(best.epoch + 1)")
    }
    // The history: every epoch with every metric.
    for epoch in report.result.epochs.prefix(3) {
      print("epoch \(epoch.index + 1): loss \(epoch["loss"] ?? .nan), val_loss \(epoch["val_loss"] ?? .nan)")
    }
    if let failure = report.result.failure { throw failure }
  }
}
