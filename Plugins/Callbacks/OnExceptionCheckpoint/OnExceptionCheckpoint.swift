import CallbackCore
import PluginKit

/// Saves the model's weights when an error ends the run.
final class OnExceptionCheckpoint: Callback {
  static let about = About(
    id: "on-exception-checkpoint", version: "0.1.0",
    summary: "Saves the weights when an error ends the run.")

  @Option("The file's name, in the folder checkpoints of the run. Without an ending it gets .safetensors.")
  var filename = "on_exception"

  private var path = ""

  func create(_ host: Host) throws {
    path = try CheckpointPath.path(filename)
    let name = path.split(separator: "/").last ?? ""
    if !name.contains(".") { path += ".safetensors" }
  }

  func reset() {}

  func onException(_ event: Event) throws {
    guard let weights = event.weights else {
      throw PluginError("this host cannot save weights", help: "leave on-exception-checkpoint out")
    }
    weights.save(to: path)
    event.host.log(.info, "saved the weights as they were at the error to \(path)")
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(OnExceptionCheckpoint.self, to: args, license: "Apache-2.0")
}
