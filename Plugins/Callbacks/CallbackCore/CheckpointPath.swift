import PluginKit

/// Where checkpoints lie in a run's folder.
public enum CheckpointPath {
  public static let folder = "checkpoints/"

  /// The path of a file in the folder; a name that would leave it is an error.
  public static func path(_ name: String) throws -> String {
    let components = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.hasPrefix("/"), !name.hasSuffix("/"), !components.contains("..") else {
      throw PluginError(
        "filename '\(name)' does not name a file below the run's folder '\(folder)'",
        help: "use a relative name such as best.safetensors")
    }
    return folder + name
  }
}
