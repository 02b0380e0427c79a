import CProcess
import Glibc

/// A copy of a file in memory that nobody can change any more, this process included. What is hashed is what is
/// loaded: a swap of the file between the two does not help.
///
/// The copy stays open for the life of the process, so that its path does.
struct SealedCopy: Sendable {
  let descriptor: Int32
  let size: Int
  /// Of the bytes in the copy.
  let sha256: String

  /// How the dynamic linker is told to open it.
  var path: String { "/proc/self/fd/\(descriptor)" }

  private static let largest = 1 << 31

  /// Copies what the file holds now. The descriptor is the caller's to keep.
  init(ofFileAt path: String) throws(LoadFault) {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw Self.fault() }
    defer { close(file) }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let copy = ty_memory_file(String(name.prefix(200)))
    guard copy >= 0 else { throw Self.fault() }
    var isDone = false
    defer { if !isDone { close(copy) } }
    let size = try Self.fill(copy, from: file)
    guard ty_memory_seal_all(copy) == 0 else { throw Self.fault() }
    guard size > 0, let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, copy, 0), memory != MAP_FAILED else {
      throw size == 0 ? .notALibrary(found: "an empty file") : Self.fault()
    }
    sha256 = SHA256.hex(UnsafeRawBufferPointer(start: memory, count: size))
    munmap(memory, size)
    self.size = size
    descriptor = copy
    isDone = true
  }

  private static func fill(_ copy: Int32, from file: Int32) throws(LoadFault) -> Int {
    var size = 0
    let chunk = 1 << 20
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: chunk, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = pread(file, buffer, chunk, off_t(size))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw fault() }
      if count == 0 { return size }
      var done = 0
      while done < count {
        let written = write(copy, buffer + done, count - done)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw fault() }
        done += written
      }
      size += count
      guard size <= largest else { throw .unreadable(reason: "it has more than 2 GiB") }
    }
  }

  private static func fault() -> LoadFault {
    .unreadable(reason: Foreign.words(strerror(errno)) ?? "error \(errno)")
  }
}
