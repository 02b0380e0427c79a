/// What is wrong with a library, as facts. `error(at:)` is the one table that gives them words.
enum LoadFault: Error, Equatable {
  case noSuchFile
  case notAFile(found: String)
  case unreadable(reason: String)
  case writableByOthers(what: String, why: String)
  case notPinned(lock: String)
  case otherContent(lock: String, found: String, expected: String)
  case otherNeed(String, lock: String, found: String, expected: String)
  case notALibrary(found: String)
  case otherArchitecture(found: String, expected: String)
  case truncated(size: Int, needed: UInt64)
  case unresolvedSymbol(String)
  case missingLibrary(String, remedy: String?)
  case cannotOpen(reason: String)
  case noEntryPoint
  case crashed(String)
  case refused(String?)
  case abiMismatch(found: String, expected: String)
  case badModule(String)
  case badComponent(id: String, String)
  case tableTooShort(id: String, kind: PluginKind, found: Int, needed: Int)
  case missingSlot(id: String, kind: PluginKind, slot: String)
  case unpairedSlot(id: String, present: String, missing: String)
  case duplicateComponent(String)

  func error(at path: String) -> LoadError {
    let (code, detail, remedy) = words
    return LoadError(code: code, path: path, detail: detail, remedy: remedy)
  }

  private var words: (LoadError.Code, String, String) {
    switch self {
    case .noSuchFile:
      (
        .noSuchFile, "there is no such file",
        "check the path; `trainyard list` shows the plugins that are found"
      )
    case .notAFile(let found):
      (.notAFile, "it is \(found), and a shared library is a regular file", "name the library itself")
    case .unreadable(let reason):
      (.unreadable, "it cannot be read: \(reason)", "check the permissions of the file and its folders")
    case .writableByOthers(let what, let why):
      (
        .unsafePermissions, "\(what) \(why), and so others could change the code that you run",
        "take the permission away (chmod go-w), or copy the library to a folder that is yours alone"
      )
    case .notPinned(let lock):
      (
        .notPinned, "it is not in the lock file '\(lock)'",
        "`trainyard lock` adds it, if it is what you mean to run"
      )
    case .otherContent(let lock, let found, let expected):
      (
        .otherContent,
        "it is not what the lock file '\(lock)' pins: its sha256 is \(found.prefix(12))…, expected \(expected.prefix(12))…",
        "find out who has changed it; if it was you, `trainyard lock` pins it as it is now"
      )
    case .otherNeed(let name, let lock, let found, let expected):
      (
        .otherContent,
        "'\(name)', which it needs, is not what the lock file '\(lock)' pins: its sha256 is \(found.prefix(12))…, expected \(expected.prefix(12))…",
        "find out who has changed it; if it was you, `trainyard lock` pins it as it is now"
      )
    case .notALibrary(let found):
      (
        .notALibrary, "it is \(found), and not an ELF shared library",
        "name the .so file; a plugin in C is built by `cc -shared -fPIC -o libmine.so mine.c`"
      )
    case .otherArchitecture(let found, let expected):
      (
        .otherArchitecture, "built for \(found), and this host runs on \(expected)",
        "build the plugin for \(expected)"
      )
    case .truncated(let size, let needed):
      (
        .truncated, "the file is cut short: \(size) bytes, and its headers speak of \(needed)",
        "build or copy the library again"
      )
    case .crashed(let how):
      (
        .crashed, "its process \(how) while it was being opened",
        "the library is damaged, or its constructors are: build it again, and do not use it before"
      )
    case .unresolvedSymbol(let symbol):
      (
        .unresolvedSymbol, "unresolved symbol '\(symbol)'",
        "link the library that defines '\(symbol)' into the plugin; the host exports nothing"
      )
    case .missingLibrary(let library, let remedy):
      (
        .missingLibrary, "it needs '\(library)', which is not found",
        remedy ?? "install that library, or give its folder in LD_LIBRARY_PATH or the plugin's RUNPATH"
      )
    case .cannotOpen(let reason):
      (.cannotOpen, "the dynamic linker refuses it: \(reason)", "build the library again")
    case .noEntryPoint:
      (
        .noEntryPoint, "it does not export 'trainyard_plugin', so it is no plugin",
        "in C, mark the function TY_EXPORT; in Swift, it must be `public` and `@c`, or it is not exported"
      )
    case .refused(let text):
      (
        .refused, text.map { "it refuses this host: \($0)" } ?? "it refuses this host and gives no reason",
        "rebuild the plugin with the trainyard.h of this host, or ask its author"
      )
    case .abiMismatch(let found, let expected):
      (
        .abiMismatch, "built for ABI \(found), and this host speaks ABI \(expected)",
        "rebuild the plugin with the trainyard.h of this host"
      )
    case .badModule(let what):
      (.badDescription, "its module is malformed: \(what)", Self.authorsMistake)
    case .badComponent(let id, let what):
      (.badDescription, "the component '\(id)' is malformed: \(what)", Self.authorsMistake)
    case .tableTooShort(let id, let kind, let found, let needed):
      (
        .tableTooShort,
        "the table of '\(id)' has \(found) bytes, and a \(kind.name) needs at least \(needed)",
        "set struct_size to sizeof(ty_\(kind.name))"
      )
    case .missingSlot(let id, let kind, let slot):
      (
        .missingSlot, "'\(id)' has no \(slot)(), which every \(kind.name) must have",
        "implement \(slot)() and put it into the table"
      )
    case .unpairedSlot(let id, let present, let missing):
      (
        .missingSlot, "'\(id)' has \(present)() and no \(missing)()",
        "implement \(missing)() as well, or leave both NULL"
      )
    case .duplicateComponent(let id):
      (
        .duplicateComponent, "it has two components of the id '\(id)'", "give each component an id of its own"
      )
    }
  }

  private static let authorsMistake = "this is a mistake of the plugin's author; `trainyard.h` has the rules"
}
