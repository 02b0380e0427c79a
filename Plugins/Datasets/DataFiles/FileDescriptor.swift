import DataColumns
import Glibc
import PluginKit

/// An open file of the system, closed when its owner goes.
final class FileDescriptor {
  let path: String
  private let number: Int32

  init(opening path: String) throws {
    self.path = path
    number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { throw systemError("open", path) }
  }

  func sizeOfRegularFile() throws -> Int {
    var facts = stat()
    guard fstat(number, &facts) == 0 else { throw systemError("read", path) }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      let kind = facts.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not a regular file"
      throw PluginError("cannot read '\(path)': it is \(kind)", help: "give the path of a data file")
    }
    return Int(facts.st_size)
  }

  /// Does not move the place of the next `fill`.
  func begins(with bytes: [UInt8]) throws -> Bool {
    var found = [UInt8](repeating: 0, count: bytes.count)
    let count = pread(number, &found, found.count, 0)
    guard count >= 0 else { throw systemError("read", path) }
    return count == bytes.count && found == bytes
  }

  /// Reads until `target` is full or the file ends; returns the number of bytes.
  func fill(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let base = target.baseAddress else { return 0 }
    var filled = 0
    while filled < target.count {
      let count = Glibc.read(number, base + filled, target.count - filled)
      if count == 0 { break }
      if count > 0 { filled += count } else if errno != EINTR { throw systemError("read", path) }
    }
    return filled
  }

  /// The first `count` bytes of the file, mapped: nothing is read before it is looked at, writes change nothing on the
  /// disk, and what follows up to the end of a page, at least `spare` bytes, is zero.
  func map(_ count: Int, spare: Int) throws -> (base: UnsafeMutableRawPointer, byteCount: Int) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let (sum, overflow) = count.addingReportingOverflow(spare + page)
    let length = sum / page * page
    guard !overflow, count > 0,
      let base = mmap(
        nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      base != MAP_FAILED
    else { throw systemError("map", path) }
    let flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE
    guard mmap(base, count, PROT_READ | PROT_WRITE, flags, number, 0) != MAP_FAILED else {
      let error = systemError("map", path)
      munmap(base, length)
      throw error
    }
    return (base, length)
  }

  deinit { if number >= 0 { close(number) } }
}
