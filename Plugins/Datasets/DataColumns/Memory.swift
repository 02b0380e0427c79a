import Glibc
import PluginKit

/// A block of bytes that stays where it is, unless it is made to grow, until its owner goes. What is in it at
/// first is not defined.
public final class Memory {
  public private(set) var base: UnsafeMutableRawPointer
  public private(set) var byteCount: Int
  /// Whose bytes these are, such as a mapped file's; `nil`: our own.
  private let owner: AnyObject?

  /// Throws where the system does not have that much.
  public init(byteCount: Int) throws {
    base = try Memory.checked(malloc(max(byteCount, 1)), byteCount)
    self.byteCount = byteCount
    owner = nil
  }

  /// Zeros, which take no memory before they are written to.
  public init(zeros byteCount: Int) throws {
    base = try Memory.checked(calloc(max(byteCount, 1), 1), byteCount)
    self.byteCount = byteCount
    owner = nil
  }

  /// A part of what `owner` holds, which stays as long as this does.
  public init(_ part: UnsafeMutableRawBufferPointer, of owner: AnyObject) throws {
    guard let base = part.baseAddress else { throw PluginError("a block of memory without an address") }
    self.base = base
    byteCount = part.count
    self.owner = owner
  }

  /// Room for `count` values of a type.
  public convenience init<Value: BitwiseCopyable>(_ type: Value.Type, count: Int) throws {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
    guard !overflow, count >= 0 else {
      throw PluginError("a block of \(count) values is more than can be had")
    }
    try self.init(byteCount: bytes)
  }

  /// Keeps the bytes and may move them.
  public func grow(to newCount: Int) throws {
    guard owner == nil else { throw PluginError("a block that belongs to a file cannot grow") }
    base = try Memory.checked(realloc(base, max(newCount, 1)), newCount)
    byteCount = newCount
  }

  public func start<Value: BitwiseCopyable>(as type: Value.Type) -> UnsafeMutablePointer<Value> {
    base.assumingMemoryBound(to: type)
  }

  private static func checked(
    _ pointer: UnsafeMutableRawPointer?, _ byteCount: Int
  ) throws -> UnsafeMutableRawPointer {
    guard let pointer else {
      throw PluginError(
        "not enough memory for a block of \(byteCount) bytes",
        help: "read fewer rows, or use a larger machine")
    }
    return pointer
  }

  deinit { if owner == nil { free(base) } }
}
