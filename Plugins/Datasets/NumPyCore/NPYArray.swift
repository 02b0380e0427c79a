import DataColumns
import PluginKit

/// An array of an NPY file: its header, and its values where they lie.
struct NPYArray {
  /// Of the file or member, quoted, for errors.
  let name: String
  let header: NPYHeader
  /// The file, or the member of an archive.
  private let memory: Memory

  init(_ memory: Memory, count: Int, name: String) throws {
    self.name = name
    self.memory = memory
    header = try NPYHeader(UnsafeRawBufferPointer(start: memory.base, count: count), of: name)
  }

  private var payload: UnsafeMutableRawPointer { memory.base + header.byteCount }
  private var valuesPerRow: Int { header.rowShape.reduce(1, *) }

  /// The values as numbers of the type in memory. Not copied where they lie as they must.
  func numbers(_ field: (ElementType, [Int]) -> Field) throws -> Column {
    let type = header.type.elementType
    let description = field(type, header.rowShape)
    if header.type.isNative, !isTransposed, UInt(bitPattern: payload) % UInt(type.size) == 0 {
      let bytes = UnsafeMutableRawBufferPointer(start: payload, count: header.payloadByteCount)
      return try Column(description, rowCount: header.rowCount, in: try Memory(bytes, of: memory))
    }
    return try Column(description, rowCount: header.rowCount, in: try converted())
  }

  /// One name for each row.
  func categories(_ field: ([String]) -> Field) throws -> Column {
    var names = CategoryNames()
    let codes = try Memory(Int32.self, count: header.rowCount)
    let values = codes.start(as: Int32.self)
    for row in 0..<header.rowCount { values[row] = try names.code(of: try text(row)) }
    let sorted = names.sort(UnsafeMutableBufferPointer(start: values, count: header.rowCount))
    return try Column(field(sorted), rowCount: header.rowCount, in: codes)
  }

  /// The first dimension is the one that runs fastest, and there are others.
  private var isTransposed: Bool { header.isFortran && valuesPerRow > 1 && header.rowCount > 0 }

  private func text(_ row: Int) throws -> [UInt8] {
    let size = header.type.size
    let bytes = UnsafeRawBufferPointer(start: payload + row * size, count: size)
    var text: [UInt8] = []
    if header.type.kind == .bytes {
      text = Array(bytes[..<(bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0)])
    } else {
      var string = ""
      for offset in stride(from: 0, to: size, by: 4) {
        let raw = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        let code = header.type.isBigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
        guard let scalar = Unicode.Scalar(code) else { throw notText(row) }
        string.unicodeScalars.append(scalar)
      }
      text = Array(string.utf8)
      while text.last == 0 { text.removeLast() }
    }
    guard !text.contains(0), String(validating: text, as: UTF8.self) != nil else { throw notText(row) }
    return text
  }

  private func notText(_ row: Int) -> PluginError {
    PluginError("row \(row) of \(name) is not a text in UTF-8", help: "rows count from 0; save it as str")
  }

  // MARK: Values that lie otherwise

  private func converted() throws -> Memory {
    switch (header.type.kind, header.type.size) {
    case (.bool, _), (.unsigned, 1): try copy { (raw: UInt8) in raw }
    case (.signed, 1): try copy { (raw: UInt8) in Int32(Int8(bitPattern: raw)) }
    case (.signed, 2): try copy { (raw: UInt16) in Int32(Int16(bitPattern: raw)) }
    case (.unsigned, 2): try copy { (raw: UInt16) in Int32(raw) }
    case (.signed, 4): try copy { (raw: UInt32) in Int32(bitPattern: raw) }
    case (.unsigned, 4): try copy { (raw: UInt32) in Int64(raw) }
    case (.signed, 8): try copy { (raw: UInt64) in Int64(bitPattern: raw) }
    case (.unsigned, 8): try checkedUnsigned()
    case (.float, 2): try copy { (raw: UInt16) in halfPrecision(raw) }
    case (.float, 4): try copy { (raw: UInt32) in Float(bitPattern: raw) }
    case (.float, 8): try copy { (raw: UInt64) in Double(bitPattern: raw) }
    default:
      throw PluginError(
        "\(name) holds texts (\(header.text)), and numbers are wanted",
        help: "texts can be a target, a group or an id")
    }
  }

  /// Row-major, in the processor's order of bytes. Rows are taken in blocks, so that what a transposed array touches
  /// stays near.
  private func copy<Raw: FixedWidthInteger & BitwiseCopyable, Value: BitwiseCopyable>(
    _ value: (Raw) -> Value
  ) throws -> Memory {
    let (rows, width) = (header.rowCount, valuesPerRow)
    let target = try Memory(Value.self, count: rows * width)
    let (source, output) = (UnsafeRawPointer(payload), target.start(as: Value.self))
    let isBigEndian = header.type.isBigEndian
    func load(_ index: Int) -> Value {
      let raw = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Raw>.size, as: Raw.self)
      return value(isBigEndian ? Raw(bigEndian: raw) : Raw(littleEndian: raw))
    }
    guard isTransposed else {
      for index in 0..<rows * width { output[index] = load(index) }
      return target
    }
    let places = transposedPlaces()
    let block = 512
    for first in stride(from: 0, to: rows, by: block) {
      let last = min(first + block, rows)
      for (column, place) in places.enumerated() {
        for row in first..<last { output[row * width + column] = load(row + place * rows) }
      }
    }
    return target
  }

  /// For each value of a row in row-major order, its place where the first dimension runs fastest.
  private func transposedPlaces() -> [Int] {
    var places = [0]
    var step = 1
    for size in header.rowShape {
      places = places.flatMap { place in (0..<size).map { place + $0 * step } }
      step *= size
    }
    return places
  }

  private func checkedUnsigned() throws -> Memory {
    var largest: UInt64 = 0
    let memory = try copy { (raw: UInt64) in
      largest = max(largest, raw)
      return Int64(truncatingIfNeeded: raw)
    }
    guard largest <= UInt64(Int64.max) else {
      throw PluginError(
        "\(name) holds \(largest), which is more than \(Int64.max)", help: "use `array.astype(float)`")
    }
    return memory
  }
}

/// The value of sixteen bits: a sign, five bits of exponent, ten of fraction.
private func halfPrecision(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let rest = UInt32(bits & 0x7fff)
  if rest >= 0x7c00 { return Float(bitPattern: sign | 0x7f80_0000 | (rest & 0x3ff) << 13) }
  // An exponent that is too small by 112 makes the float; the product is exact, also for subnormal numbers.
  let magnitude = Float(bitPattern: rest << 13) * 0x1p112
  return sign == 0 ? magnitude : -magnitude
}
