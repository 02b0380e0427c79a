import Glibc

/// Whether a library that is no plugin may be opened: the rules are those for plugins.
public enum LibraryTrust {
  /// Whether the file is a shared library for this machine.
  public static func isLibrary(_ path: String) -> Bool { (try? LibraryFile(path)) != nil }

  /// Refuses what is no shared library for this machine, and one that others can write.
  public static func check(_ path: String) throws(LoadError) {
    do throws(LoadFault) {
      let file = try LibraryFile(path)
      try FileTrust.check(file.path, file.status)
    } catch {
      throw error.error(at: path)
    }
  }
}
