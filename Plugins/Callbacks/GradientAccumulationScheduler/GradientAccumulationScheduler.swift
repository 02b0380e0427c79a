import CallbackCore
import PluginKit

/// Changes, at given epochs, over how many batches gradients are accumulated before an optimizer step.
final class GradientAccumulationScheduler: Callback {
  static let about = About(
    id: "gradient-accumulation-scheduler", version: "0.1.0",
    summary: "Changes over how many batches gradients are accumulated, from given epochs on.")

  @Option("Epochs, from 0, and the number of batches from there on: {0: 8, 4: 2}. Before the first it is 1.")
  var scheduling: JSONText

  /// `reset()` starts a fresh one.
  struct Progress: Codable {
    /// Whether this run, or the one that it resumes, has begun.
    var hasBegun = false
  }
  var progress = Progress()

  private var plan = AccumulationPlan()
  private static let parameter = "accumulate_grad_batches"

  func create(_ host: Host) throws { plan = try AccumulationPlan(scheduling) }

  func reset() { progress = Progress() }

  func onTrainBegin(_ event: Event) throws {
    guard let factor = event.optimizer?.value(Self.parameter) else {
      throw PluginError(
        "the model '\(event.host.run?.model ?? "")' cannot accumulate gradients: "
          + "it has no hyper-parameter '\(Self.parameter)'",
        help: "leave \(event.host.instanceName) out, or use a model that has it")
    }
    guard progress.hasBegun || factor == 1 else {
      throw PluginError(
        "the model accumulates over \(factor.short()) batches already, and the schedule would overrule that",
        help: "set the model's \(Self.parameter) to 1, and let the schedule begin with {0: \(factor.short())}"
      )
    }
    progress.hasBegun = true
  }

  func onEpochBegin(_ event: Event) throws {
    guard let optimizer = event.optimizer else { return }
    let factor = Double(plan.factor(at: event.epoch))
    if optimizer.value(Self.parameter) != factor { optimizer.set(Self.parameter, to: factor) }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(GradientAccumulationScheduler.self, to: args, license: "Apache-2.0")
}
