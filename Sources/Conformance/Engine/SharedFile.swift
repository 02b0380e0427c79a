import Glibc

/// A file without a name that a child inherits: a request goes one way in it, an answer the other.
final class SharedFile {
  let descriptor: Int32

  init(size: Int = 0) throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((base + "/trainyard-check-XXXXXX").utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else {
      throw CheckError(
        "cannot make a file in \(base): \(String(cString: strerror(errno)))",
        help: "set TMPDIR to a folder that can be written")
    }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = ftruncate(descriptor, off_t(size))
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) throws { try Self.write(bytes, to: descriptor) }
  func read() -> [UInt8] { Self.read(descriptor) }

  /// Replaces what is in the file.
  static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw CheckError("cannot write: \(String(cString: strerror(errno)))") }
      done += count
    }
    _ = ftruncate(descriptor, off_t(bytes.count))
  }

  static func read(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = pread(descriptor, &buffer, buffer.count, off_t(bytes.count))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }
}
