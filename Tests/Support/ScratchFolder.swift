import Glibc

/// A folder for the files of one test, gone with its owner.
public final class ScratchFolder {
  public let path: String

  public init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var name = Array("\(parent)/trainyard-test-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw ScratchFailure.cannotMake(parent) }
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Writes a file and gives its path.
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    guard let stream = fopen(file, "wb") else { throw ScratchFailure.cannotMake(file) }
    let written = fwrite(bytes, 1, bytes.count, stream)
    guard fclose(stream) == 0, written == bytes.count else { throw ScratchFailure.cannotMake(file) }
    return file
  }

  public func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  deinit {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { unlink(path + "/" + name) }
      }
      closedir(folder)
    }
    rmdir(path)
  }
}

enum ScratchFailure: Error { case cannotMake(String) }
