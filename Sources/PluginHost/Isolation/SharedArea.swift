import CProcess
import Glibc

/// Memory that this process and another see. Its size is fixed for ever, so that neither can take it away from the
/// other.
final class SharedArea {
  let base: UnsafeMutableRawPointer
  let size: Int
  /// To be handed over; -1 for one that came from there.
  private(set) var descriptor: Int32

  private init(_ base: UnsafeMutableRawPointer, _ size: Int, _ descriptor: Int32) {
    self.base = base
    self.size = size
    self.descriptor = descriptor
  }

  deinit {
    munmap(base, size)
    closeDescriptor()
  }

  /// - Parameter isReadOnly: Whether the other side can only read it, whatever it tries.
  static func make(size: Int, isReadOnly: Bool) throws(ProcessError) -> SharedArea {
    let size = max(4096, (size + 4095) & ~4095)
    let descriptor = ty_memory_make(UInt64(size))
    guard descriptor >= 0 else { throw ProcessError("make shared memory of \(size) bytes", -descriptor) }
    guard let base = map(descriptor, size, PROT_READ | PROT_WRITE) else {
      let code = errno
      close(descriptor)
      throw ProcessError("map shared memory of \(size) bytes", code)
    }
    let area = SharedArea(base, size, descriptor)
    if isReadOnly {
      // Our own mapping stays as it is.
      let result = ty_memory_seal_writing(descriptor)
      guard result == 0 else { throw ProcessError("protect shared memory", -result) }
    }
    return area
  }

  /// What the other side has made. Takes the descriptor, and closes it.
  static func received(_ descriptor: Int32, isWritable: Bool) throws(ProcessError) -> SharedArea {
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size > 0 else {
      throw ProcessError("read the size of shared memory", errno)
    }
    let size = Int(status.st_size)
    guard let base = map(descriptor, size, isWritable ? PROT_READ | PROT_WRITE : PROT_READ) else {
      throw ProcessError("map shared memory of \(size) bytes", errno)
    }
    return SharedArea(base, size, -1)
  }

  /// Handed over: from now on the mapping alone keeps it.
  func closeDescriptor() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  private static func map(_ descriptor: Int32, _ size: Int, _ access: Int32) -> UnsafeMutableRawPointer? {
    let base = mmap(nil, size, access, MAP_SHARED, descriptor, 0)
    return base == MAP_FAILED ? nil : base
  }
}
