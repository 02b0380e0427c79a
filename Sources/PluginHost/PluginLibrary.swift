import Glibc
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

  /// Opens the library at `path`. A file that was opened before gives the same object; one that has been built anew
  /// since is opened as it is now, beside what it was.
  ///
  /// All that can be seen from outside is checked before any code of the library runs.
  /// - Parameters:
  ///   - path: Of the file.
  ///   - userPath: What errors call the library; by default `path`.
  ///   - pins: What it must be; `nil`: anything.
  public static func open(
    _ path: String, userPath: String? = nil, pins: LibraryPins? = nil
  ) throws(LoadError) -> PluginLibrary {
    do {
      return try open(at: path, pins ?? LibraryPins.ofHelper.withLock { $0 })
    } catch {
      throw error.error(at: userPath ?? path)
    }
  }

  /// Whether the file is a library for this machine that exports the entry. Runs none of its code.
  static func isPlugin(_ path: String) -> Bool {
    (try? LibraryFile(path))?.exportsEntry == true
  }

  /// What was opened as it lay there is not what was compared with a lock file, and the other way round.
  private struct Key: Hashable {
    var file: LibraryFile.Identity
    var isPinned: Bool
  }

  /// Room for more than most programs open: a table that grows is made anew each time.
  private static let roomForLibraries = 128

  private static let opened = Mutex<[Key: PluginLibrary]>(Dictionary(minimumCapacity: roomForLibraries))

  private static func open(at path: String, _ pins: LibraryPins?) throws(LoadFault) -> PluginLibrary {
    let file = try LibraryFile(path)
    let key = Key(file: file.identity, isPinned: pins != nil)
    if pins == nil, let library = opened.withLock({ $0[key] }) { return library }
    try FileTrust.check(file.path, file.status)
    let pinned: PinnedLibrary? = if let pins { try PinnedLibrary.verify(file, pins) } else { nil }
    if pinned != nil, let library = opened.withLock({ $0[key] }) { return library }
    if file.exportsEntry == false { throw .noEntryPoint }
    let source = if let pinned { pinned.path } else { try pathForLinker(of: file) }
    let components: [ComponentDescription]
    do throws(LoadFault) {
      components = try PluginEntry(of: source, shownAs: file.path).components(pins)
    } catch {
      forgetIfUnknown(file.path)
      throw error
    }
    let library = PluginLibrary(path: file.path, components: components)
    return opened.withLock { opened in
      // Another thread may have been faster.
      if let first = opened[key] { return first }
      opened[key] = library
      return library
    }
  }

  private struct Linked {
    /// What stood under each path when the dynamic linker was given it.
    var paths: [String: LibraryFile.Identity] = Dictionary(minimumCapacity: roomForLibraries)
    /// Of files that had taken the place of others. They stay open for the life of the process.
    var copies: [LibraryFile.Identity: SealedCopy] = [:]
  }

  private static let linked = Mutex(Linked())

  /// The linker knows libraries by their paths: under one that it knows it gives the library that once lay there. A
  /// file that has taken the place of another is therefore opened as a copy, which finds no libraries beside it by
  /// `$ORIGIN`, unless they are open.
  private static func pathForLinker(of file: LibraryFile) throws(LoadFault) -> String {
    let known = linked.withLock { linked -> (isFirst: Bool, copy: SealedCopy?) in
      let first = linked.paths[file.path] ?? file.identity
      linked.paths[file.path] = first
      return (first == file.identity, linked.copies[file.identity])
    }
    if known.isFirst { return file.path }
    if let copy = known.copy { return copy.path }
    let copy = try SealedCopy(ofFileAt: file.path)
    linked.withLock { $0.copies[file.identity] = copy }
    return copy.path
  }

  /// What the linker could not open it does not know: the path is free for what is put there next.
  private static func forgetIfUnknown(_ path: String) {
    guard dlopen(path, RTLD_LAZY | RTLD_NOLOAD) == nil else { return }
    linked.withLock { _ = $0.paths.removeValue(forKey: path) }
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
