import PluginKit

/// Ends a run as soon as the loss of a batch is NaN or infinite.
final class TerminateOnNaN: Callback {
  static let about = About(
    id: "terminate-on-nan", version: "0.1.0",
    summary: "Ends a run as soon as the loss of a batch is NaN or infinite.")

  @Option("End the run with an error. false: stop it, so that it closes its epoch and ends properly.")
  var raiseError = false

  private var loss = Metric.none

  func create(_ host: Host) { loss = host.want("loss") }

  func reset() {}

  func onBatchEnd(_ event: Event) throws {
    guard let value = event.logs[loss], !value.isFinite else { return }
    let text = "the loss of batch \(event.batch + 1) in epoch \(event.epoch + 1) is \(value)"
    guard raiseError else { return event.stop(because: text) }
    throw PluginError(text, help: "a lower learning rate or smaller weights to begin with may help")
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(TerminateOnNaN.self, to: args, license: "Apache-2.0")
}
