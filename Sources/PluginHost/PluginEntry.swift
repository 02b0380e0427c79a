import CTrainyard
import Glibc

/// The one function that a library exports.
package struct PluginEntry: Sendable {
  package typealias Function = @convention(c) (UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>?

  /// For a checker, which calls it in ways of its own.
  package let function: Function
  private let path: String

  /// Opens the library at `path`, which has been checked, for ever.
  /// - Parameter shown: The path that descriptions have, where that is another one.
  init(of path: String, shownAs shown: String? = nil) throws(LoadFault) {
    // RTLD_LOCAL: two plugins may carry different builds of the SDK, and neither may see the other's.
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
      throw Self.linkerFault(Foreign.words(dlerror()) ?? "no reason given", path)
    }
    guard let symbol = dlsym(handle, "trainyard_plugin") else { throw .noEntryPoint }
    function = unsafeBitCast(symbol, to: Function.self)
    self.path = shown ?? path
  }

  /// Checks the file at `userPath` and opens it.
  package init(opening userPath: String) throws(LoadError) {
    do throws(LoadFault) {
      let file = try LibraryFile(userPath)
      try FileTrust.check(file.path, file.status)
      if file.exportsEntry == false { throw LoadFault.noEntryPoint }
      try self.init(of: file.path)
    } catch {
      throw error.error(at: userPath)
    }
  }

  /// What the library lists, read and checked.
  func components(_ pins: LibraryPins?) throws(LoadFault) -> [ComponentDescription] {
    try ModuleReader(path: path, pins: pins).components(try module())
  }

  /// What a module lists that the entry has returned.
  package func components(of module: UnsafePointer<ty_module>) throws(LoadError) -> [ComponentDescription] {
    do {
      return try ModuleReader(path: path).components(UnsafeRawPointer(module))
    } catch {
      throw error.error(at: path)
    }
  }

  private final class Refusal {
    var words: String?
  }

  private func module() throws(LoadFault) -> UnsafeRawPointer {
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
    let module = withExtendedLifetime(refusal) { function(&args) }
    guard let module else { throw .refused(refusal.words) }
    return UnsafeRawPointer(module)
  }

  /// What glibc's words mean: `PATH: undefined symbol: NAME`, `NAME: cannot open shared object file: …`.
  private static func linkerFault(_ words: String, _ path: String) -> LoadFault {
    if let symbol = words.after("undefined symbol: ") {
      return .unresolvedSymbol(String(symbol.prefix { $0 != " " && $0 != "," }))
    }
    if let colon = words.firstIndex(of: ":"), words.after(": cannot open shared object file") != nil,
      words[..<colon] != path
    {
      return .missingLibrary(String(words[..<colon]), remedy: LibraryFile.installation(of: path))
    }
    return .cannotOpen(reason: words.hasPrefix(path + ": ") ? String(words.dropFirst(path.count + 2)) : words)
  }
}
