import Glibc
import Synchronization

/// A library of which exactly the bytes that were compared with a lock file are loaded.
public struct PinnedLibrary: Sendable {
  let copy: SealedCopy
  /// Where the dynamic linker finds those bytes, as long as this process lives.
  public var path: String { copy.path }

  /// A file under its path, whatever it holds by now.
  private struct Origin: Hashable {
    var path: String
    var device: UInt64
    var inode: UInt64

    init(_ file: LibraryFile) {
      path = file.path
      device = file.identity.device
      inode = file.identity.inode
    }
  }

  /// By the file that was read: it is copied and compared once.
  private static let verified = Mutex<[Origin: (pins: LibraryPins, library: PinnedLibrary)]>([:])

  /// Compares a library, opens what it needs, and gives what may be opened instead of it.
  public static func verify(_ path: String, _ pins: LibraryPins) throws(LoadError) -> PinnedLibrary {
    do throws(LoadFault) {
      let file = try LibraryFile(path)
      try FileTrust.check(file.path, file.status)
      return try verify(file, pins)
    } catch {
      throw error.error(at: path)
    }
  }

  static func verify(_ file: LibraryFile, _ pins: LibraryPins) throws(LoadFault) -> PinnedLibrary {
    // A file that has changed since is not looked at again: what was compared is what is loaded.
    let origin = Origin(file)
    if let known = verified.withLock({ $0[origin] }), known.pins == pins { return known.library }
    let copy = try SealedCopy(ofFileAt: file.path)
    let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
    let pin = try pins.pin(of: name, copy.sha256)
    let folder = String(file.path[..<(file.path.lastIndex(of: "/") ?? file.path.startIndex)])
    for need in pin.needs { try open(need, beside: folder, pins) }
    let library = PinnedLibrary(copy: copy)
    verified.withLock { $0[origin] = (pins, library) }
    return library
  }

  /// Once it is there under its name, the dynamic linker looks for no file.
  private static func open(_ need: LibraryPins.Need, beside folder: String, _ pins: LibraryPins)
    throws(LoadFault)
  {
    if dlopen(need.name, RTLD_NOW | RTLD_NOLOAD) != nil { return }
    let path = need.path.hasPrefix("/") ? need.path : folder + "/" + need.path
    let file = try LibraryFile(path)
    try FileTrust.check(file.path, file.status)
    let copy = try SealedCopy(ofFileAt: file.path)
    guard copy.sha256 == need.sha256 else {
      throw .otherNeed(need.name, lock: pins.source, found: copy.sha256, expected: need.sha256)
    }
    guard dlopen(copy.path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) != nil else {
      throw .cannotOpen(reason: Foreign.words(dlerror()) ?? "no reason given")
    }
  }
}
