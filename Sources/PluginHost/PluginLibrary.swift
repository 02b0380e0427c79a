import CTrainyard
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
    let entry = try entry(of: file.path)
    let components = try ModuleReader(path: file.path).components(try call(entry))
    let library = PluginLibrary(path: file.path, components: components)
    return opened.withLock { opened in
      // Another thread may have been faster.
      if let first = opened[file.identity] { return first }
      opened[file.identity] = library
      return library
    }
  }

  private typealias Entry = @convention(c) (UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>?

  private static func entry(of path: String) throws(LoadFault) -> Entry {
    // RTLD_LOCAL: two plugins may carry different builds of the SDK, and neither may see the other's.
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
      throw linkerFault(Foreign.words(dlerror()) ?? "no reason given", path)
    }
    guard let symbol = dlsym(handle, "trainyard_plugin") else { throw .noEntryPoint }
    return unsafeBitCast(symbol, to: Entry.self)
  }

  /// What glibc's words mean: `PATH: undefined symbol: NAME`, `NAME: cannot open shared object file: …`.
  private static func linkerFault(_ words: String, _ path: String) -> LoadFault {
    if let symbol = words.after("undefined symbol: ") {
      return .unresolvedSymbol(String(symbol.prefix { $0 != " " && $0 != "," }))
    }
    if let colon = words.firstIndex(of: ":"), words.after(": cannot open shared object file") != nil,
      words[..<colon] != path
    {
      return .missingLibrary(String(words[..<colon]))
    }
    return .cannotOpen(reason: words.hasPrefix(path + ": ") ? String(words.dropFirst(path.count + 2)) : words)
  }

  private final class Refusal {
    var words: String?
  }

  private static func call(_ entry: Entry) throws(LoadFault) -> UnsafeRawPointer {
    let refusal = Refusal()
    var args = ty_entry_args()
    args.struct_size = UInt32(MemoryLayout<ty_entry_args>.size)
    args.abi_major = UInt32(TY_ABI_MAJOR)
    args.abi_minor = UInt32(TY_ABI_MINOR)
    args.context = Unmanaged.passUnretained(refusal).toOpaque()
    args.refuse = { context, text in
      guard let context else { return }
      Unmanaged<Refusal>.fromOpaque(context).takeUnretainedValue().words = Foreign.words(text)
    }
    let module = withExtendedLifetime(refusal) { entry(&args) }
    guard let module else { throw .refused(refusal.words) }
    return UnsafeRawPointer(module)
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
