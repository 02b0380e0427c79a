import CZlib
import DataColumns
import PluginKit

/// Unpacks a gzip file, also one of several members. zlib checks each member's checksum and length; what
/// follows the last member must be zeros, as tapes leave them.
final class Inflater {
  private let source: FileDescriptor
  private let input: Memory
  // zlib keeps the address of its stream.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  /// Bytes of the file that have been given to zlib, or lie in `input`.
  private var loaded = 0
  private var isBetweenMembers = false

  init(_ source: FileDescriptor) throws {
    self.source = source
    input = try Memory(byteCount: 1 << 18)
    stream.initialize(to: z_stream())
    let gzipOnly: Int32 = 16 + MAX_WBITS
    guard inflateInit2_(stream, gzipOnly, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw PluginError("zlib cannot start: \(message)")
    }
  }

  /// Fills `target`; returns fewer bytes only where the content ends, checksum and all.
  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let base = target.bindMemory(to: UInt8.self).baseAddress else { return 0 }
    var written = 0
    while written < target.count {
      if stream.pointee.avail_in == 0, try !refill() {
        if isBetweenMembers { break }
        throw PluginError(
          "'\(source.path)' is truncated: its gzip data ends at byte \(position), before their end",
          help: "get the file again")
      }
      if isBetweenMembers, try !beginMember() { continue }
      let room = min(target.count - written, 1 << 30)
      stream.pointee.next_out = base + written
      stream.pointee.avail_out = UInt32(room)
      let status = inflate(stream, Z_NO_FLUSH)
      written += room - Int(stream.pointee.avail_out)
      switch status {
      case Z_OK: break
      case Z_STREAM_END: isBetweenMembers = true
      case Z_BUF_ERROR where stream.pointee.avail_in == 0: break
      default: throw corrupt(message)
      }
    }
    return written
  }

  /// The place in the file of what zlib reads next.
  private var position: Int { loaded - Int(stream.pointee.avail_in) }
  private var message: String { stream.pointee.msg.map { String(cString: $0) } ?? "not gzip data" }

  private func refill() throws -> Bool {
    let count = try source.fill(UnsafeMutableRawBufferPointer(start: input.base, count: input.byteCount))
    loaded += count
    stream.pointee.next_in = input.start(as: UInt8.self)
    stream.pointee.avail_in = UInt32(count)
    return count > 0
  }

  /// Skips zeros; false where they use up the input.
  private func beginMember() throws -> Bool {
    while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
      stream.pointee.next_in += 1
      stream.pointee.avail_in -= 1
    }
    guard stream.pointee.avail_in > 0 else { return false }
    guard stream.pointee.next_in.pointee == 0x1f else { throw corrupt("other bytes follow the gzip data") }
    guard inflateReset(stream) == Z_OK else { throw corrupt(message) }
    isBetweenMembers = false
    return true
  }

  private func corrupt(_ reason: String) -> PluginError {
    PluginError(
      "'\(source.path)' is corrupt: \(reason), at byte \(position) of the gzip file",
      help: "get the file again, or test it with `gzip -t`")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }
}
