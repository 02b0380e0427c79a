import Glibc
import PluginKit

/// Keeps an exponential moving average of the weights, uses it where the model is judged and saved, and ends the
/// run with it.
///
/// The average lies in a slot with the host. While it is swapped in, the slot holds the weights that training
/// goes on with.
final class EMAWeights: Callback {
  static let about = About(
    id: "ema-weights", version: "0.1.0",
    summary: "Keeps a moving average of the weights for validation, checkpoints and the end of the run.")

  enum Swap: String, OptionChoice {
    case none, validation, epoch
  }

  @Option(
    "How much of the average stays in each optimizer step: average = m * average + (1 - m) * weights.",
    range: "[0, 1]")
  var momentum = 0.99

  @Option(
    "Put the average into the model after every so many optimizer steps. Without it: never while training.",
    range: "[1, )", unit: "optimizer steps")
  var overwriteFrequency: Int? = nil

  @Option(
    """
    When the average stands in the model. epoch: in validation, and from the end of an epoch to the beginning \
    of the next, so that checkpoints have it; validation: in validation only; none: at the end of the run only.
    """)
  var swap = Swap.epoch

  /// Where the current run stands. `reset()` starts a fresh one; the host empties the slot.
  struct Progress: Codable {
    /// Optimizer steps that the average has seen.
    var steps = 0
    /// The model holds the average, and the slot what training goes on with.
    var isSwapped = false
  }
  var progress = Progress()

  private static let average = 0

  func reset() { progress = Progress() }

  func onOptimizerStep(_ event: Event) throws {
    let weights = try weights(of: event)
    let before = progress.steps
    // A model may make several steps in one call; only the weights after the last of them are seen.
    let steps = max(event.step, before + 1)
    if weights.isFilled(Self.average) {
      let kept = pow(momentum, Double(steps - before))
      weights.blend(Self.average, slotScale: kept, weightScale: 1 - kept)
    } else {
      weights.take(Self.average)
    }
    if let frequency = overwriteFrequency, steps / frequency > before / frequency {
      weights.restore(Self.average)
    }
    progress.steps = steps
  }

  func onEpochBegin(_ event: Event) throws { try swapOut(event) }

  func onValidationBegin(_ event: Event) throws {
    if swap != .none { try swapIn(event) }
  }

  func onValidationEnd(_ event: Event) throws { try swapOut(event) }

  func onEpochEnd(_ event: Event) throws {
    if swap == .epoch { try swapIn(event) }
  }

  func onException(_ event: Event) throws { try swapOut(event) }

  func onTrainEnd(_ event: Event) throws {
    switch event.outcome {
    case .finished, .stopped:
      if !progress.isSwapped { try weights(of: event).restore(Self.average) }
    case .interrupted, .failed, .running:
      try swapOut(event)
    }
  }

  private func swapIn(_ event: Event) throws {
    let weights = try weights(of: event)
    guard !progress.isSwapped, weights.isFilled(Self.average) else { return }
    weights.swap(Self.average)
    progress.isSwapped = true
  }

  private func swapOut(_ event: Event) throws {
    guard progress.isSwapped else { return }
    try weights(of: event).swap(Self.average)
    progress.isSwapped = false
  }

  private func weights(of event: Event) throws -> Weights {
    guard let weights = event.weights else {
      throw PluginError("this host cannot average weights", help: "leave ema-weights out")
    }
    return weights
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(EMAWeights.self, to: args, license: "Apache-2.0")
}
