import Glibc

/// A folder that goes away with the object.
public final class TemporaryFolder {
  public let path: String

  public init() throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((base + "/trainyard-test-XXXXXX").utf8CString)
    guard let made = mkdtemp(&template) else {
      throw TestError("no temporary folder in \(base): error \(errno)")
    }
    path = String(cString: made)
  }

  deinit { _ = try? Shell.run(["rm", "-rf", path]) }

  /// The path of `name` in this folder.
  public func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Writes a file and gives its path.
  @discardableResult
  public func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let path = self(name)
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw TestError("cannot write \(path): error \(errno)") }
    defer { close(file) }
    let bytes = Array(bytes)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      guard count > 0 else { throw TestError("cannot write \(path): error \(errno)") }
      done += count
    }
    return path
  }

  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String { try write(name, text.utf8) }
}

/// The bytes of a file.
public func readFile(_ path: String) throws -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw TestError("cannot read \(path): error \(errno)") }
  defer { close(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(file, &buffer, buffer.count)
    guard count >= 0 else { throw TestError("cannot read \(path): error \(errno)") }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
  }
}

/// The text of a file.
public func readText(_ path: String) throws -> String { String(decoding: try readFile(path), as: UTF8.self) }

/// Something that a test needs is not there.
public struct TestError: Error, CustomStringConvertible {
  public var description: String
  public init(_ description: String) { self.description = description }
}
