import Glibc

/// Reads files whole, up to a size that the caller allows.
enum InputFile {
  static func read(_ path: String, limit: Int = 1 << 30) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("read", path) }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw FileError("read", path) }
    guard info.st_mode & S_IFMT != S_IFDIR else { throw FileError("read", path, code: EISDIR) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(limit, max(0, Int(info.st_size))) + 1)
    let chunk = 1 << 20
    while true {
      let before = bytes.count
      var count = 0
      bytes.append(
        contentsOf: [UInt8](unsafeUninitializedCapacity: chunk) { buffer, used in
          repeat {
            count = Glibc.read(descriptor, buffer.baseAddress, chunk)
          } while count < 0 && errno == EINTR
          used = max(0, count)
        })
      guard count >= 0 else { throw FileError("read", path) }
      if bytes.count == before { return bytes }
      guard bytes.count <= limit else { throw FileError("read", path, code: EFBIG) }
    }
  }
}
