import PluginKit

/// Files and folders of a run, as options name them. The host refuses others when they are written; asked here, a run
/// does not begin.
public enum OutputPath {
  /// What a path must be, in words.
  static let allowed = "relative and without '.', '..' and empty parts"

  /// Whether a path is relative and stays in its folder.
  public static func isInside(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !parts.contains { ["", ".", ".."].contains($0) } && !path.utf8.contains(0)
  }

  /// Refuses an option's path that is not below the run's folder.
  ///
  /// - Parameter example: A value that the option may have.
  public static func check(_ option: String, _ path: String, example: String) throws {
    guard isInside(path) else {
      throw PluginError(
        "option '\(option)' is '\(path)', and must be a path below the run's folder, \(allowed)",
        help: "set \(option): \(example)")
    }
  }
}
