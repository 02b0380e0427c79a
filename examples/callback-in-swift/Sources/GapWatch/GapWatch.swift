import PluginKit

/// Publishes how far validation lags behind training, and stops the run when the gap stays too wide.
final class GapWatch: Callback {
  static let about = About(
    id: "gap-watch", version: "1.0.0",
    summary: "Stops a run whose validation loss leaves its training loss behind.")

  @Option("The widest gap between val_loss and loss that is fine.", range: "[0, )")
  var limit = 0.5

  @Option("Epochs in a row over the limit before the run stops.", range: "[1, )", unit: "epochs")
  var patience = 2

  /// All that a run can change. `reset()` starts a fresh one, and checkpoints hold it.
  struct Progress: Codable {
    var epochsOverLimit = 0
  }
  var progress = Progress()

  private var loss = Metric.none
  private var validationLoss = Metric.none
  private var gap = Metric.none

  func create(_ host: Host) throws {
    loss = host.want("loss")
    validationLoss = host.want("val_loss")
    gap = host.declare("gap", .min)
  }

  func reset() { progress = Progress() }

  func onEpochEnd(_ event: Event) throws {
    guard let loss = event.logs[loss], let validationLoss = event.logs[validationLoss] else { return }
    event.publish(gap, validationLoss - loss)
    progress.epochsOverLimit = validationLoss - loss > limit ? progress.epochsOverLimit + 1 : 0
    if progress.epochsOverLimit >= patience {
      event.stop(because: "val_loss has been more than \(limit) above loss for \(patience) epochs")
    }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(GapWatch.self, to: args)
}
