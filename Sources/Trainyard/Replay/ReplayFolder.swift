import Glibc

/// A folder for files that nobody keeps, gone with its owner.
final class ReplayFolder {
  let path: String

  init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var name = Array((PathName.join(parent, "trainyard-XXXXXX")).utf8CString)
    guard let made = mkdtemp(&name) else { throw FileError("make a folder in", parent) }
    path = String(cString: made)
  }

  deinit { Self.remove(path) }

  /// Links are removed and not followed.
  private static func remove(_ path: String) {
    var info = stat()
    guard lstat(path, &info) == 0 else { return }
    guard info.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for name in PathName.entries(of: path) { remove(PathName.join(path, name)) }
    rmdir(path)
  }
}

extension PathName {
  /// The names in a folder, sorted; none where it cannot be read.
  static func entries(of folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Paths of the files below a folder, relative to it, sorted.
  static func files(below folder: String) -> [String] {
    entries(of: folder).flatMap { name in
      let path = join(folder, name)
      return isFolder(path) ? files(below: path).map { join(name, $0) } : [name]
    }.sorted()
  }

  /// In bytes; 0 where there is no such file.
  static func size(_ path: String) -> Int {
    var info = stat()
    return stat(path, &info) == 0 ? Int(info.st_size) : 0
  }
}
