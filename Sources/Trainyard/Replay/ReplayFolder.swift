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

  deinit { PathName.remove(path) }
}

extension PathName {
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
