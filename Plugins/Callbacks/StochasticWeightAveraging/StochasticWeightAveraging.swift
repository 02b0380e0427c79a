import CallbackCore
import Glibc
import PluginKit

/// Averages the weights that the last epochs begin with, at a learning rate of its own, and ends the run with the
/// average; by the rules of Lightning.
final class StochasticWeightAveraging: Callback {
  static let about = About(
    id: "stochastic-weight-averaging", version: "0.1.0",
    summary: "Averages the weights of the last epochs, at a learning rate that is annealed to a constant one."
  )

  enum Strategy: String, OptionChoice {
    case linear, cos
  }

  @Option("The learning rate to arrive at.", range: "(0, )")
  var swaLrs: Double

  @Option(
    """
    When averaging begins. Written as a whole number, such as 8: in this epoch, counted from 1. Written with a point, \
    such as 0.8: after this fraction of the planned epochs, at most 1.0.
    """)
  var swaEpochStart = "0.8"

  @Option(
    "Epochs in which the learning rate goes over to swa_lrs. 0: at once.", range: "[0, )", unit: "epochs")
  var annealingEpochs = 10

  @Option("How the learning rate goes over.")
  var annealingStrategy = Strategy.cos

  /// Where the current run stands. `reset()` starts a fresh one; the host empties the slot.
  struct Progress: Codable {
    /// The learning rate when averaging began.
    var startRate: Double?
    /// Epochs whose weights are in the average.
    var averaged = 0
    /// The last of them.
    var lastEpoch: Int?
  }
  var progress = Progress()
  private var start = Start.fraction(0)

  private static let average = 0
  private static let rate = "learning_rate"

  func create(_ host: Host) throws {
    try refuseNonFinite(["swa_lrs": swaLrs])
    start = try Start(swaEpochStart)
  }

  func reset() { progress = Progress() }

  func onTrainBegin(_ event: Event) throws {
    _ = try rate(of: event)
    let run = try run(of: event)
    if run.isResumed { return }
    // What a run ends with whose averaging never begins: as in Lightning, the weights that it began with.
    try weights(of: event).take(Self.average)
    if first(of: run) >= run.epochs {
      event.host.log(
        .warning,
        "averaging would begin in epoch \(first(of: run) + 1), and this run has \(run.epochs): if they all run, "
          + "it ends with the weights that it began with, as in Lightning; lower swa_epoch_start")
    }
  }

  func onEpochBegin(_ event: Event) throws {
    let first = first(of: try run(of: event))
    guard event.epoch >= first else { return }
    let startRate = try progress.startRate ?? rate(of: event)
    let share = share(of: event.epoch - first)
    event.optimizer?.set(Self.rate, to: swaLrs * share + startRate * (1 - share))
    progress.startRate = startRate

    // An epoch that a resumed run begins again is in the average already.
    if let last = progress.lastEpoch, last >= event.epoch { return }
    let weights = try weights(of: event)
    let count = Double(progress.averaged)
    if progress.averaged == 0 {
      weights.take(Self.average)
    } else {
      weights.blend(Self.average, slotScale: count / (count + 1), weightScale: 1 / (count + 1))
    }
    progress.averaged += 1
    progress.lastEpoch = event.epoch
  }

  func onTrainEnd(_ event: Event) throws {
    let hasAverage = event.outcome == .stopped && progress.averaged > 0
    if event.outcome == .finished || hasAverage { try weights(of: event).restore(Self.average) }
  }

  /// The first epoch that is averaged, from 0. Asked in each run: another one may have other epochs.
  private func first(of run: RunFacts) -> Int {
    switch start {
    case .epoch(let number): max(number - 1, 0)
    case .fraction(let share): max(Int(Double(run.epochs) * share) - 1, 0)
    }
  }

  /// How much of the new learning rate there is, `epochs` after the first averaged one.
  private func share(of epochs: Int) -> Double {
    let done = annealingEpochs == 0 ? 1 : min(1, Double(epochs) / Double(annealingEpochs))
    return annealingStrategy == .linear ? done : (1 - cos(.pi * done)) / 2
  }

  private func rate(of event: Event) throws -> Double {
    guard let rate = event.optimizer?.value(Self.rate) else {
      let names = event.optimizer?.names ?? []
      throw PluginError(
        "the model has no hyper-parameter '\(Self.rate)' that could be annealed",
        help: names.isEmpty
          ? "leave stochastic-weight-averaging out" : "it has: \(names.joined(separator: ", "))")
    }
    return rate
  }

  private func run(of event: Event) throws -> RunFacts {
    guard let run = event.host.run else {
      throw PluginError(
        "this host does not say how many epochs are planned", help: "leave stochastic-weight-averaging out")
    }
    return run
  }

  private func weights(of event: Event) throws -> Weights {
    guard let weights = event.weights else {
      throw PluginError("this host cannot average weights", help: "leave stochastic-weight-averaging out")
    }
    return weights
  }
}

/// What `swa_epoch_start` says. A text: 1 is the first epoch, and 1.0 all planned ones.
private enum Start {
  case epoch(Int)
  case fraction(Double)

  init(_ text: String) throws {
    if let number = Int(text), number >= 0 {
      self = .epoch(number)
    } else if Int(text) == nil, let share = Double(text), (0...1).contains(share) {
      self = .fraction(share)
    } else {
      throw PluginError(
        "swa_epoch_start is \(text), and must be a fraction from 0.0 to 1.0 or the whole number of an epoch",
        help: "write 0.8 for the last fifth of the run, or 8 for its eighth epoch")
    }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(StochasticWeightAveraging.self, to: args, license: "Apache-2.0")
}
