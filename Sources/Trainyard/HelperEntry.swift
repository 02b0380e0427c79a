import PluginHost

/// The helper processes of isolated plugins. They are this very program, or `trainyard` where that is found; a program
/// that embeds the host calls `runIfAsked` first of all, and `beTheHelper` to be its own.
public enum HelperEntry {
  /// Becomes a helper, and never returns, when the process was started as one.
  public static func runIfAsked() {
    HelperGuests.register(FunctionGuest.kind) { try FunctionGuest($0) }
    HelperProgram.runIfAsked()
  }

  /// From now on this program is started as the helper, instead of `trainyard`.
  public static func beTheHelper() { HelperProgram.setExecutable("/proc/self/exe") }
}
