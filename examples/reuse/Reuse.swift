import Glibc
import Trainyard

// One early-stopping instance over two fits, and a new one for the second.
//
// A callback that kept its best value from one fit to the next would end the second fit at once: nothing that a new
// model does in its first epochs is better than the best of a trained one.

@main
struct Reuse {
  static func main() throws {
    let pipeline = try Pipeline([
      "data": [
        "train": ["dataset": "synthetic", "shape": "moons", "rows": 400], "validation": ["fraction": 0.25],
      ],
      "model": ["plugin": "mlp", "hidden": [8], "learning_rate": 0.05],
      "train": ["epochs": 60, "batch_size": 32],
      "callbacks": [["plugin": "early-stopping", "monitor": "val_loss", "patience": 2]],
    ])
    var plan = try pipeline.plan()
    plan.output.folder = nil

    // One instance of each plugin, reset before each fit.
    let (first, second) = try plan.withSession { session in
      (try session.fit(seed: 1), try session.fit(seed: 2))
    }
    // A session of its own: everything is created anew.
    let new = try plan.withSession { session in try session.fit(seed: 2) }

    show("fit A", first)
    show("fit B, same instance", second)
    show("fit B, new instance", new)
    let isSame =
      second.result.series("val_loss") == new.result.series("val_loss")
      && second.result.reason == new.result.reason
    print("\nfit B is \(isSame ? "the same" : "NOT THE SAME") with the used instance as with a new one")
    if !isSame { exit(1) }
  }

  static func show(_ name: String, _ report: RunReport) {
    let losses = report.result.series("val_loss")
    let best = losses.min() ?? .nan
    print("\(name): \(losses.count) epochs, val_loss \(short(losses.first)) at first, \(short(best)) at best")
    print("  \(report.result.outcome.name): \(report.result.reason)")
  }

  static func short(_ value: Double?) -> String { value.map { "\(($0 * 1e4).rounded() / 1e4)" } ?? "none" }
}
