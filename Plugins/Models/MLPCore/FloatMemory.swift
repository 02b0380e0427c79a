import Glibc
import PluginKit

/// Floats that begin at a multiple of 64 bytes and at 0, and live as long as this object.
final class FloatMemory {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  /// - Parameter use: What it is for, as the user should read it when it cannot be had.
  init(count: Int, for use: String) throws {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    var memory: UnsafeMutableRawPointer?
    guard !overflow, posix_memalign(&memory, 64, bytes) == 0, let memory else {
      throw PluginError("no memory for \(use): \(count) numbers", help: "make 'hidden' or the batch smaller")
    }
    memset(memory, 0, bytes)
    base = memory.bindMemory(to: Float.self, capacity: count)
    self.count = count
  }

  deinit { free(base) }

  /// The least multiple of 16 floats, which is 64 bytes, that holds `count`.
  static func padded(_ count: Int) -> Int { (count + 15) & ~15 }
}
