import PluginKit

/// Where checkpoints lie in a run's folder.
public enum CheckpointPath {
  public static let folder = "checkpoints/"

  /// The path of a file in the folder; a name that would leave it is an error.
  public static func path(_ name: String) throws -> String {
    guard OutputPath.isInside(name) else {
      throw PluginError(
        "option 'filename' is '\(name)', and must be a path below the run's folder '\(folder)', "
          + OutputPath.allowed,
        help: "set filename: best.safetensors, for example")
    }
    return folder + name
  }
}
