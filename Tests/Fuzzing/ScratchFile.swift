import Glibc

/// A file that holds one input after the other, for parsers that read files.
final class ScratchFile: Sendable {
  let path: String

  init(_ name: String) { path = Self.folder + "/" + name }

  /// Replaces the content, and gives the path.
  func holding(_ bytes: [UInt8]) -> String {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    precondition(file >= 0, "cannot write \(path): error \(errno)")
    defer { close(file) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        write(file, $0.baseAddress.map { $0 + written }, bytes.count - written)
      }
      precondition(count > 0, "cannot write \(path): error \(errno)")
      written += count
    }
    return path
  }

  func remove(_ suffix: String = "") { unlink(path + suffix) }

  /// In `TMPDIR`; gone when the process ends in order.
  static let folder: String = {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((base + "/trainyard-fuzz-XXXXXX").utf8CString)
    guard let made = mkdtemp(&template) else { preconditionFailure("no temporary folder in \(base)") }
    atexit { ScratchFile.removeFolder() }
    return String(cString: made)
  }()

  private static func removeFolder() { remove(folder: folder) }

  /// With all that is in it. Follows no links.
  static func remove(folder: String) {
    if let stream = opendir(folder) {
      while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
        if name == [46] || name == [46, 46] { continue }
        let path = folder + "/" + String(decoding: name, as: UTF8.self)
        if unlink(path) != 0 { remove(folder: path) }
      }
      closedir(stream)
    }
    rmdir(folder)
  }
}
