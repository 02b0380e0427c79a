import DataColumns
import Glibc
import PluginKit

/// The content of a file that is not compressed, mapped into memory: pages are read when they are looked at, and the
/// system may drop them again. Written to, they become ours, and the file stays as it is.
///
/// A file that another program shortens meanwhile is no longer there to be looked at: the process ends with SIGBUS, and
/// the crash note names the file. Options that lead here say so.
public final class MappedFile {
  public let count: Int
  private let base: UnsafeMutableRawPointer
  private let byteCount: Int

  fileprivate init(_ descriptor: FileDescriptor, count: Int, spare: Int) throws {
    self.count = count
    (base, byteCount) = try descriptor.map(count, spare: spare)
  }

  /// The part from `offset`, with whatever zeros follow the file where `length` goes beyond it.
  public func part(_ offset: Int, _ length: Int) throws -> Memory {
    guard offset >= 0, length >= 0, offset <= byteCount, length <= byteCount - offset else {
      throw PluginError("bytes \(offset) to \(offset) + \(length) are outside a file of \(count) bytes")
    }
    return try Memory(UnsafeMutableRawBufferPointer(start: base + offset, count: length), of: self)
  }

  /// The file is read once, from its start to its end.
  public func adviseSequential() { madvise(base, byteCount, Int32(MADV_SEQUENTIAL)) }

  deinit { munmap(base, byteCount) }
}

extension DataFile {
  /// The content where it lies, followed by at least `spare` zeros; `nil` where it is compressed or empty.
  public func mapped(spare: Int = 0) throws -> MappedFile? {
    guard !isCompressed, sizeOnDisk > 0 else { return nil }
    return try MappedFile(descriptor, count: sizeOnDisk, spare: spare)
  }
}
