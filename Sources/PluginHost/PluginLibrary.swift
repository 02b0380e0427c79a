import Synchronization

/// An open library and the components that it lists. Libraries are never closed: unloading code that has threads,
/// caches or Swift metadata is not safe.
public final class PluginLibrary: Sendable {
  /// Absolute, with symbolic links resolved.
  public let path: String
  public let components: [ComponentDescription]

  private init(path: String, components: [ComponentDescription]) {
    self.path = path
    self.components = components
  }

  /// Opens the library at `path`. A file that was opened before gives the same object.
  ///
  /// All that can be seen from outside is checked before any code of the library runs.
  /// - Parameter userPath: What errors call the library; by default `path`.
  public static func open(_ path: String, userPath: String? = nil) throws(LoadError) -> PluginLibrary {
    do {
      return try open(at: path)
    } catch {
      throw error.error(at: userPath ?? path)
    }
  }

  /// Whether the file is a library for this machine that exports the entry. Runs none of its code.
  static func isPlugin(_ path: String) -> Bool {
    (try? LibraryFile(path))?.exportsEntry == true
  }

  private static let opened = Mutex<[LibraryFile.Identity: PluginLibrary]>([:])

  private static func open(at path: String) throws(LoadFault) -> PluginLibrary {
    let file = try LibraryFile(path)
    if let library = opened.withLock({ $0[file.identity] }) { return library }
    try FileTrust.check(file.path, file.status)
    if file.exportsEntry == false { throw .noEntryPoint }
    let components = try PluginEntry(of: file.path).components()
    let library = PluginLibrary(path: file.path, components: components)
    return opened.withLock { opened in
      // Another thread may have been faster.
      if let first = opened[file.identity] { return first }
      opened[file.identity] = library
      return library
    }
  }
}

extension String {
  /// What follows the first occurrence of `text`, or `nil`.
  func after(_ text: String) -> Substring? {
    var rest = self[...]
    while !rest.isEmpty {
      if rest.hasPrefix(text) { return rest.dropFirst(text.count) }
      rest = rest.dropFirst()
    }
    return nil
  }
}
