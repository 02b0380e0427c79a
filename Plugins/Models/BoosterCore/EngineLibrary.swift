import ForeignCalls
import Glibc
import PluginKit

/// What an engine's library is called, and where it is looked for.
public struct EngineSearch: Sendable {
  /// As in messages: "XGBoost".
  public var engine: String
  /// The variable that names a library, such as `TRAINYARD_XGBOOST_LIBRARY`.
  public var variable: String
  /// Names that the system's loader finds, and paths where people install by hand.
  public var names: [String]
  /// Where the Python package has it, below `site-packages`.
  public var packaged: [String]
  /// What to install: "apt-get install …, or pip install …".
  public var installation: String
  /// A function that only this engine has.
  public var mark: String

  public init(
    engine: String, variable: String, names: [String], packaged: [String], installation: String, mark: String
  ) {
    self.engine = engine
    self.variable = variable
    self.names = names
    self.packaged = packaged
    self.installation = installation
    self.mark = mark
  }
}

/// An engine's shared library, found and opened at run time. It stays open.
public struct EngineLibrary: @unchecked Sendable {
  public let engine: String
  /// As it was opened: a path, or the name that the system's loader found.
  public let path: String
  private let handle: UnsafeMutableRawPointer

  /// - Parameter named: What the user says it is: a path, or a name that the system's loader finds. Nothing else is
  ///   tried then, nor where the variable names one.
  public init(_ search: EngineSearch, named: String?) throws {
    if let named {
      self = try Self(search, opening: named, by: "the option 'library'")
    } else if let variable = getenv(search.variable).map({ String(cString: $0) }), !variable.isEmpty {
      self = try Self(search, opening: variable, by: search.variable)
    } else {
      self = try Self(looking: search)
    }
  }

  /// What was named has to be it.
  private init(_ search: EngineSearch, opening path: String, by origin: String) throws {
    if let fault = Self.fault(path) {
      throw PluginError(
        "\(search.engine)'s library '\(path)', which \(origin) names, is not opened: \(fault)",
        help: "take the right to write away from others, as with chmod go-w, or copy it to a folder of yours")
    }
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "the system does not say why"
      throw PluginError(
        "cannot open \(search.engine)'s library '\(path)', which \(origin) names: \(reason)",
        help: "check the path, or install it: \(search.installation)")
    }
    guard dlsym(handle, search.mark) != nil else {
      throw PluginError(
        "'\(path)', which \(origin) names, is not \(search.engine)'s library: it has no '\(search.mark)'",
        help: "install it: \(search.installation)")
    }
    self.init(engine: search.engine, path: path, handle: handle)
  }

  /// The Python package of an active environment comes before the system's: the user has chosen it.
  private init(looking search: EngineSearch) throws {
    let candidates = Self.environments.flatMap { Self.packaged(search, below: $0) } + search.names
    for path in candidates where !path.contains("/") || access(path, R_OK) == 0 {
      guard Self.fault(path) == nil, let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL),
        dlsym(handle, search.mark) != nil
      else { continue }
      self.init(engine: search.engine, path: path, handle: handle)
      return
    }
    throw PluginError(
      "\(search.engine)'s library is not installed: none of \(search.names.joined(separator: ", ")) can be opened, "
        + "and no active Python environment has it",
      help: "install it: \(search.installation); or name it: 'library', or \(search.variable)")
  }

  private init(engine: String, path: String, handle: UnsafeMutableRawPointer) {
    self.engine = engine
    self.path = path
    self.handle = handle
  }

  /// A function of the library, as a C function type.
  public func function<Function>(_ name: String, as type: Function.Type = Function.self) throws -> Function {
    guard let function: Function = find(name) else {
      throw PluginError(
        "'\(path)' has no function '\(name)': this \(engine) is too old", help: "install a newer one")
    }
    return function
  }

  /// `nil` where this version has none of that name.
  public func find<Function>(_ name: String, as type: Function.Type = Function.self) -> Function? {
    guard let symbol = dlsym(handle, name) else { return nil }
    return unsafeBitCast(symbol, to: Function.self)
  }

  // MARK: Places

  /// Folders of virtual environments that are active.
  private static var environments: [String] {
    ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap { (name: String) -> String? in
      guard let value = getenv(name), value.pointee != 0 else { return nil }
      return String(cString: value)
    }
  }

  private static func packaged(_ search: EngineSearch, below environment: String) -> [String] {
    search.packaged.flatMap { file in
      matches("\(environment)/lib/python3*/site-packages/\(file)") + matches("\(environment)/lib/\(file)")
    }
  }

  private static func matches(_ pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0, let paths = found.gl_pathv else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
  }

  /// What opens a library runs code of it.
  private static func fault(_ path: String) -> String? {
    guard path.contains("/"), let canonical = realpath(path, nil) else { return nil }
    defer { free(canonical) }
    var status = stat()
    guard stat(canonical, &status) == 0 else { return nil }
    return FileOwnership.fault(String(cString: canonical), status).map { "\($0.what) \($0.why)" }
  }
}
