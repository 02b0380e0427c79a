import Glibc

/// Paths as a config writes them.
enum AbsolutePath {
  /// The path, absolute: `~` is the home folder, anything else is relative to `baseFolder`. An empty text
  /// stays empty. Links and `..` are left to the system.
  static func of(_ path: String, baseFolder: String) -> String {
    if path.isEmpty || path.hasPrefix("/") { return path }
    if path == "~" || path.hasPrefix("~/"), let home = environment("HOME") {
      return home + path.dropFirst()
    }
    var relative = path[...]
    while relative.hasPrefix("./") { relative = relative.dropFirst(2).drop { $0 == "/" } }
    if relative == "." { relative = "" }
    let base = baseFolder.hasPrefix("/") ? baseFolder : join(workingFolder(), baseFolder)
    return join(base, String(relative))
  }

  /// The folder that a file lies in.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func join(_ base: String, _ path: String) -> String {
    if path.isEmpty || path == "." { return base }
    return base.hasSuffix("/") ? base + path : "\(base)/\(path)"
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func workingFolder() -> String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }
}
