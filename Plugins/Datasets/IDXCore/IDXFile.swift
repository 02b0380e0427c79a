import DataColumns
import DataFiles
import PluginKit

/// An IDX file whose header has been read and checked against its size.
final class IDXFile {
  let path: String
  let header: IDXHeader
  private let file: DataFile
  private let payloadByteCount: Int

  init(_ path: String) throws {
    self.path = path
    let file = try DataFile(path)
    self.file = file
    header = try IDXHeader(of: path) { count in
      try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        filled = try file.read(
          into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      }
    }
    // A claim that the file cannot fulfil is refused before memory is taken for it.
    guard let payload = header.payloadByteCount, header.byteCount + payload <= file.longestContent else {
      throw IDXFile.wrongLength(path, header, found: file.isCompressed ? nil : file.sizeOnDisk)
    }
    guard file.isCompressed || file.sizeOnDisk == header.byteCount + payload else {
      throw IDXFile.wrongLength(path, header, found: file.sizeOnDisk)
    }
    payloadByteCount = payload
  }

  /// The values as a column, all rows or the first `limit`. The whole file is checked in the first case, its
  /// checksum included. Called once.
  func readColumn(limit: Int?, as field: (ElementType, [Int]) -> Field) throws -> Column {
    let rowCount = min(limit ?? header.rowCount, header.rowCount)
    let type = header.type.elementType
    let valuesPerRow = header.rowCount == 0 ? 0 : payloadByteCount / header.type.size / header.rowCount
    let (byteCount, overflow) = (rowCount * valuesPerRow).multipliedReportingOverflow(by: type.size)
    guard !overflow else { throw IDXFile.wrongLength(path, header, found: nil) }
    let memory = try Memory(byteCount: byteCount)
    try fill(memory, count: rowCount * valuesPerRow)
    if rowCount == header.rowCount { try expectEnd() }
    return try Column(field(type, header.rowShape), rowCount: rowCount, in: memory)
  }

  /// Reads `count` values straight to where they stay, and turns big-endian ones round in place. Only those
  /// that become wider go through a buffer.
  private func fill(_ memory: Memory, count: Int) throws {
    switch header.type {
    case .ubyte: try read(memory.base, byteCount: count)
    case .int, .float:
      try read(memory.base, byteCount: 4 * count)
      let values = memory.start(as: UInt32.self)
      for index in 0..<count { values[index] = UInt32(bigEndian: values[index]) }
    case .double:
      try read(memory.base, byteCount: 8 * count)
      let values = memory.start(as: UInt64.self)
      for index in 0..<count { values[index] = UInt64(bigEndian: values[index]) }
    case .sbyte: try widen(memory, count: count) { (value: Int8) in Int32(value) }
    case .short: try widen(memory, count: count) { (value: Int16) in Int32(Int16(bigEndian: value)) }
    }
  }

  private func widen<Narrow: BitwiseCopyable>(
    _ memory: Memory, count: Int, _ widened: (Narrow) -> Int32
  ) throws {
    let chunk = 1 << 16
    let buffer = try Memory(Narrow.self, count: min(chunk, count))
    let narrow = buffer.start(as: Narrow.self)
    let wide = memory.start(as: Int32.self)
    for start in stride(from: 0, to: count, by: chunk) {
      let length = min(chunk, count - start)
      try read(buffer.base, byteCount: length * MemoryLayout<Narrow>.size)
      for index in 0..<length { wide[start + index] = widened(narrow[index]) }
    }
  }

  private var bytesRead = 0

  private func read(_ target: UnsafeMutableRawPointer, byteCount: Int) throws {
    let found = try file.read(into: UnsafeMutableRawBufferPointer(start: target, count: byteCount))
    bytesRead += found
    guard found == byteCount else {
      throw IDXFile.wrongLength(path, header, found: header.byteCount + bytesRead)
    }
  }

  private func expectEnd() throws {
    var byte: UInt8 = 0
    let found = try withUnsafeMutableBytes(of: &byte) { try file.read(into: $0) }
    guard found == 0 else {
      throw PluginError(
        "'\(path)' goes on after the \(header.byteCount + payloadByteCount) bytes that its header asks for "
          + "(\(header.shapeText) values of \(header.type))", help: "get the file again")
    }
  }

  private static func wrongLength(_ path: String, _ header: IDXHeader, found: Int?) -> PluginError {
    let expected =
      header.payloadByteCount.map { "\(header.byteCount + $0) bytes" } ?? "more bytes than can be"
    let found = found.map { "it has \($0) bytes" } ?? "its gzip data cannot be that long"
    return PluginError(
      "'\(path)' has the wrong length: \(found), and its header asks for \(expected) (\(header.shapeText) "
        + "values of \(header.type))", help: "get the file again")
  }
}
