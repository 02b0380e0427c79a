import DataColumns
import Glibc
import PluginKit

/// A file of data, plain or gzip, read from its start to its end. Gzip is told by its first two bytes, not by
/// the name. Errors are `PluginError`s that name the file.
public final class DataFile {
  public let path: String
  public let isCompressed: Bool
  /// In bytes, as it lies on the disk.
  public let sizeOnDisk: Int
  let descriptor: FileDescriptor
  private let inflater: Inflater?

  public init(_ path: String) throws {
    self.path = path
    descriptor = try FileDescriptor(opening: path)
    sizeOnDisk = try descriptor.sizeOfRegularFile()
    isCompressed = try descriptor.begins(with: [0x1f, 0x8b])
    inflater = isCompressed ? try Inflater(descriptor) : nil
  }

  /// No content is longer: deflate makes at most 1032 bytes of one. Lets a size that a header claims be
  /// refused before memory is taken for it.
  public var longestContent: Int {
    guard isCompressed else { return sizeOnDisk }
    let (bytes, overflow) = sizeOnDisk.multipliedReportingOverflow(by: 1032)
    return overflow ? .max : bytes
  }

  /// Fills `target` from where the last call stopped; returns fewer bytes only where the content ends.
  public func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    if let inflater { return try inflater.read(into: target) }
    return try descriptor.fill(target)
  }

  /// All of the content and its length. The memory has at least `spare` bytes after it.
  public func readAll(spare: Int) throws -> (memory: Memory, count: Int) {
    // Text shrinks to a third or less; what is guessed wrong costs a move of pages.
    let guess = isCompressed ? sizeOnDisk.multipliedReportingOverflow(by: 4).partialValue : sizeOnDisk
    let memory = try Memory(byteCount: max(guess, 1 << 16) + spare)
    var count = 0
    while true {
      let room = memory.byteCount - spare - count
      count += try read(into: UnsafeMutableRawBufferPointer(start: memory.base + count, count: room))
      if count < memory.byteCount - spare { return (memory, count) }
      try memory.grow(to: (memory.byteCount - spare) * 2 + spare)
    }
  }
}
