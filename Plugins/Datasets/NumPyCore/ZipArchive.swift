import CZlib
import DataColumns
import DataFiles
import PluginKit

/// The members of a ZIP file, also of more than 4 GiB (ZIP64), as they are or deflated. Source: PKWARE's APPNOTE.
/// Everything in it is untrusted: each place and size is checked before it is used.
struct ZipArchive {
  struct Member {
    var name: String
    fileprivate var flags: Int
    fileprivate var method: Int
    fileprivate var checksum: UInt32
    fileprivate var packedSize: Int
    fileprivate var size: Int
    /// Of its local header.
    fileprivate var offset: Int
  }

  let path: String
  let members: [Member]
  private let file: Memory
  private let count: Int

  init(_ file: Memory, count: Int, path: String) throws {
    self.file = file
    self.count = count
    self.path = path
    let reader = ZipReader(bytes: UnsafeRawBufferPointer(start: file.base, count: count), path: path)
    members = try reader.members()
  }

  /// What a member holds, with its checksum compared. One that was stored is not copied.
  func content(of member: Member) throws -> (memory: Memory, count: Int) {
    let name = "'\(member.name)' in '\(path)'"
    guard member.flags & 1 == 0 else { throw PluginError("\(name) is encrypted", help: "unpack it first") }
    let reader = ZipReader(bytes: UnsafeRawBufferPointer(start: file.base, count: count), path: path)
    let start = try reader.contentOffset(member.offset)
    guard member.packedSize <= count - start else { throw reader.damaged("\(name) goes beyond its end") }
    let packed = UnsafeMutableRawBufferPointer(start: file.base + start, count: member.packedSize)
    let content: Memory
    switch member.method {
    case 0:
      guard member.packedSize == member.size else { throw reader.damaged("\(name) has two sizes") }
      content = try Memory(packed, of: file)
    case 8:
      // Deflate makes at most 1032 bytes of one.
      guard member.size / 1032 <= member.packedSize else {
        throw reader.damaged("\(name) cannot become \(member.size) bytes")
      }
      content = try Memory(byteCount: member.size)
      try inflate(packed, into: content, name)
    case let method:
      throw PluginError(
        "\(name) is compressed by method \(method), and stored and deflated members can be read",
        help: "save it with `numpy.savez` or `numpy.savez_compressed`")
    }
    guard checksum(content, member.size) == member.checksum else {
      throw PluginError("\(name) is corrupt: its checksum is not the archive's", help: "get the file again")
    }
    return (content, member.size)
  }

  private func checksum(_ memory: Memory, _ count: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_z(0, memory.start(as: UInt8.self), count))
  }

  private func inflate(_ packed: UnsafeMutableRawBufferPointer, into memory: Memory, _ name: String) throws {
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw PluginError("zlib cannot start")
    }
    defer { inflateEnd(&stream) }
    var (read, written) = (0, 0)
    let source = packed.bindMemory(to: UInt8.self)
    while true {
      // zlib counts in 32 bits.
      let (input, room) = (min(packed.count - read, 1 << 30), min(memory.byteCount - written, 1 << 30))
      stream.next_in = source.baseAddress.map { $0 + read }
      stream.avail_in = UInt32(input)
      stream.next_out = memory.start(as: UInt8.self) + written
      stream.avail_out = UInt32(room)
      let status = CZlib.inflate(&stream, Z_NO_FLUSH)
      let (taken, made) = (input - Int(stream.avail_in), room - Int(stream.avail_out))
      read += taken
      written += made
      if status == Z_STREAM_END, written == memory.byteCount { return }
      guard status == Z_OK, taken + made > 0 else {
        let reason = stream.msg.map { String(cString: $0) } ?? "it has not the size that the archive says"
        throw PluginError("\(name) is corrupt: \(reason)", help: "get the file again")
      }
    }
  }
}

/// Little-endian numbers at places that may be anything.
private struct ZipReader {
  let bytes: UnsafeRawBufferPointer
  let path: String

  func damaged(_ reason: String) -> PluginError {
    PluginError("'\(path)' is damaged: \(reason)", help: "get the file again, or test it with `unzip -t`")
  }

  func number(_ offset: Int, _ size: Int) throws -> Int {
    guard offset >= 0, offset <= bytes.count, size <= bytes.count - offset else {
      throw damaged("it ends where byte \(offset) should be")
    }
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    guard let number = Int(exactly: value) else { throw damaged("byte \(offset) begins a number too large") }
    return number
  }

  func members() throws -> [ZipArchive.Member] {
    let end = try endOfDirectory()
    var (count, size, offset) = (try number(end + 10, 2), try number(end + 12, 4), try number(end + 16, 4))
    let locator = end - 20
    if locator >= 0, try number(locator, 4) == 0x0706_4b50 {
      let record = try number(locator + 8, 8)
      guard record <= bytes.count, try number(record, 4) == 0x0606_4b50 else {
        throw damaged("its ZIP64 directory is not where it says")
      }
      (count, size, offset) =
        (try number(record + 32, 8), try number(record + 40, 8), try number(record + 48, 8))
    }
    guard offset <= bytes.count, size <= bytes.count - offset, count <= size / 46 else {
      throw damaged("its directory lies outside of it")
    }
    var members: [ZipArchive.Member] = []
    var place = offset
    for _ in 0..<count { members.append(try member(&place)) }
    return members
  }

  /// Where the content of a member begins, behind its local header.
  func contentOffset(_ header: Int) throws -> Int {
    guard try number(header, 4) == 0x0403_4b50 else { throw damaged("no member begins at byte \(header)") }
    let start = try header + 30 + number(header + 26, 2) + number(header + 28, 2)
    guard start <= bytes.count else { throw damaged("the member at byte \(header) has no end") }
    return start
  }

  /// The last record, before a comment of up to 64 KiB.
  private func endOfDirectory() throws -> Int {
    var place = bytes.count - 22
    while place >= 0, place >= bytes.count - 22 - 0xffff {
      if bytes[place] == 0x50, try number(place, 4) == 0x0605_4b50 { return place }
      place -= 1
    }
    throw PluginError(
      "'\(path)' is not a whole ZIP file: it has no directory at its end",
      help: "give a file that `numpy.savez` wrote, or get it again")
  }

  private func member(_ place: inout Int) throws -> ZipArchive.Member {
    guard try number(place, 4) == 0x0201_4b50 else {
      throw damaged("byte \(place) is not an entry of its directory")
    }
    let (nameLength, extraLength) = (try number(place + 28, 2), try number(place + 30, 2))
    let nameStart = place + 46
    guard nameLength <= bytes.count - nameStart else { throw damaged("its directory has no end") }
    var member = ZipArchive.Member(
      name: String(decoding: bytes[nameStart..<nameStart + nameLength], as: UTF8.self),
      flags: try number(place + 8, 2), method: try number(place + 10, 2),
      checksum: UInt32(truncatingIfNeeded: try number(place + 16, 4)), packedSize: try number(place + 20, 4),
      size: try number(place + 24, 4), offset: try number(place + 42, 4))
    try readLargeSizes(nameStart + nameLength, extraLength, &member)
    guard member.offset <= bytes.count, member.packedSize <= bytes.count else {
      throw damaged("'\(member.name)' lies outside of it")
    }
    place = try nameStart + nameLength + extraLength + number(place + 32, 2)
    return member
  }

  /// Numbers that do not fit 32 bits stand in an extra field, in this order.
  private func readLargeSizes(_ start: Int, _ length: Int, _ member: inout ZipArchive.Member) throws {
    var place = start
    while place + 4 <= start + length {
      let size = try number(place + 2, 2)
      if try number(place, 2) == 1 {
        var value = place + 4
        for field in [\ZipArchive.Member.size, \.packedSize, \.offset]
        where member[keyPath: field] == 0xffff_ffff {
          guard value + 8 <= place + 4 + size else { throw damaged("'\(member.name)' lacks its sizes") }
          member[keyPath: field] = try number(value, 8)
          value += 8
        }
      }
      place += 4 + size
    }
  }
}
