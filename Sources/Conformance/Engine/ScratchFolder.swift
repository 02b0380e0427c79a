import Glibc

/// A folder for one child: made empty, and removed with all that is in it.
final class ScratchFolder {
  let path: String

  init() throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((base + "/trainyard-check-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw CheckError(
        "cannot make a folder in \(base): \(String(cString: strerror(errno)))",
        help: "set TMPDIR to a folder that can be written")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path) }

  /// Follows no links.
  private static func remove(_ path: String) {
    if unlink(path) == 0 { return }
    if let stream = opendir(path) {
      var names: [String] = []
      while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
      }
      closedir(stream)
      for name in names { remove(path + "/" + name) }
    }
    rmdir(path)
  }
}
