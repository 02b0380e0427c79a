import Glibc

/// Paths on the command line, which are relative to where the user is.
enum PathText {
  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") || path.hasPrefix("~") { return path }
    guard let buffer = getcwd(nil, 0) else { return path }
    defer { free(buffer) }
    return String(cString: buffer) + "/" + path
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

extension PathText {
  /// As a shell takes it.
  static func shown(_ path: String) -> String {
    let isPlain = path.utf8.allSatisfy { byte in
      let scalar = Unicode.Scalar(byte)
      return byte < 0x80 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        || "_-./+=:,@%".utf8.contains(byte)
    }
    if isPlain { return path }
    return "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  static func isFolder(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }
}
