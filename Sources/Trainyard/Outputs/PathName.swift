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

  /// The name in the folder. `./` in front of it says nothing.
  static func join(_ folder: String, _ name: String) -> String {
    var name = name[...]
    while name.hasPrefix("./") { name = name.dropFirst(2).drop { $0 == "/" } }
    return joined(folder, name == "." ? "" : String(name))
  }

  private static func joined(_ folder: String, _ name: String) -> String {
    if name.isEmpty { return folder }
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
      // What is there is no folder; that a file exists is not what is wrong.
      throw FileError("make the folder", path, code: errno == EEXIST ? ENOTDIR : errno)
    }
  }

  /// Removes a file, or a folder with all that is in it, as far as that can be done. Follows no links.
  static func remove(_ path: String) {
    var info = stat()
    guard lstat(path, &info) == 0 else { return }
    guard info.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for name in entries(of: path) { remove(joined(path, name)) }
    rmdir(path)
  }

  /// The names in a folder, sorted; none where it cannot be read.
  static func entries(of path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      let text = String(decoding: name, as: UTF8.self)
      if text != ".", text != ".." { names.append(text) }
    }
    return names.sorted()
  }

  /// A path inside a folder that a file has named: `nil` where it would lead out of it, also by a link on its way.
  static func own(_ name: String, of folder: String) -> String? {
    guard !name.unicodeScalars.contains("\0"), let path = try? inside(folder, name) else { return nil }
    var place = folder
    for part in name.split(separator: "/") {
      place = joined(place, String(part))
      var info = stat()
      if lstat(place, &info) != 0 { break }
      if info.st_mode & S_IFMT == S_IFLNK { return nil }
    }
    return path
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
