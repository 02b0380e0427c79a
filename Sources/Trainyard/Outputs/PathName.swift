import Glibc

/// Paths as text.
enum PathName {
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func last(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  static func join(_ folder: String, _ name: String) -> String {
    if name.hasPrefix("/") || folder.isEmpty || folder == "." { return name }
    return folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let buffer = getcwd(nil, 0) else { return path }
    defer { free(buffer) }
    return join(String(cString: buffer), path)
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func isFolder(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  /// Makes a folder and those above it.
  static func makeFolders(_ path: String) throws {
    if path.isEmpty || isFolder(path) { return }
    let parent = folder(of: path)
    if parent != path, parent != "." { try makeFolders(parent) }
    guard mkdir(path, 0o755) == 0 || errno == EEXIST && isFolder(path) else {
      throw FileError("make the folder", path)
    }
  }

  /// A path inside a folder, as plugins give them: relative, and never out of it.
  static func inside(_ folder: String, _ path: String) throws -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !path.isEmpty, !path.hasPrefix("/"),
      !parts.contains(where: { ["", ".", ".."].contains($0) })
    else {
      throw PathProblem(path: path)
    }
    return join(folder, path)
  }
}

/// A plugin's path that would leave the run's folder.
struct PathProblem: Error, CustomStringConvertible {
  var path: String
  var description: String {
    "the path '\(path)' must be relative to the run's folder, without '.', '..' and empty parts"
  }
}
