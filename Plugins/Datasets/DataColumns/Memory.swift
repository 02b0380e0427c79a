import Glibc
import PluginKit

/// A block of bytes that stays where it is, unless it is made to grow, until its owner goes. What is in it at
/// first is not defined.
public final class Memory {
  public private(set) var base: UnsafeMutableRawPointer
  public private(set) var byteCount: Int

  /// Throws where the system does not have that much.
  public init(byteCount: Int) throws {
    base = try Memory.checked(malloc(max(byteCount, 1)), byteCount)
    self.byteCount = byteCount
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

  deinit { free(base) }
}
