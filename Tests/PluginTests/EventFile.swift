import Support

/// A file of TensorBoard events, read by the format's description alone: records with checksums, and in them
/// protocol buffers.
struct EventFile {
  struct Value: Equatable {
    var tag: String
    var step: Int
    var scalar: Float?
    var histogram: Histogram?
  }

  struct Histogram: Equatable {
    var min = 0.0
    var max = 0.0
    var count = 0.0
    var sum = 0.0
    var sumOfSquares = 0.0
    var limits: [Double] = []
    var buckets: [Double] = []
  }

  var version = ""
  var times: [Double] = []
  var values: [Value] = []

  init(_ bytes: [UInt8]) throws {
    for record in try Self.records(bytes) {
      let fields = try Message(record)
      let step = Int(Int64(bitPattern: fields.varint(2) ?? 0))
      if let time = fields.double(1) { times.append(time) }
      if let text = fields.bytes(3) { version += String(decoding: text, as: UTF8.self) }
      guard let summary = fields.bytes(5) else { continue }
      for bytes in try Message(summary).all(1) { values.append(try Self.value(Message(bytes), step)) }
    }
  }

  func scalars(_ tag: String) -> [Int: Float] {
    var found: [Int: Float] = [:]
    for value in values where value.tag == tag { found[value.step] = value.scalar }
    return found
  }

  private static func value(_ message: Message, _ step: Int) throws -> Value {
    let tag = String(decoding: message.bytes(1) ?? [], as: UTF8.self)
    var value = Value(tag: tag, step: step, scalar: message.float(2))
    if let bytes = message.bytes(5) {
      let fields = try Message(bytes)
      value.histogram = Histogram(
        min: fields.double(1) ?? .nan, max: fields.double(2) ?? .nan, count: fields.double(3) ?? .nan,
        sum: fields.double(4) ?? .nan, sumOfSquares: fields.double(5) ?? .nan, limits: fields.doubles(6),
        buckets: fields.doubles(7))
    }
    return value
  }

  // MARK: Records

  static func records(_ bytes: [UInt8]) throws -> [[UInt8]] {
    var records: [[UInt8]] = []
    var rest = bytes[...]
    func take(_ count: Int) throws -> [UInt8] {
      guard rest.count >= count else { throw TestError("a record is cut off") }
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    while !rest.isEmpty {
      let length = try take(8)
      try check(length, try take(4))
      let data = try take(Int(number(length)))
      try check(data, try take(4))
      records.append(data)
    }
    return records
  }

  private static func check(_ data: [UInt8], _ expected: [UInt8]) throws {
    // Undoes the mask instead of making it.
    let unmasked = UInt32(number(expected)) &- 0xa282_ead8
    guard unmasked << 15 | unmasked >> 17 == checksum(data) else { throw TestError("a checksum is wrong") }
  }

  /// CRC-32C, bit by bit.
  static func checksum(_ data: [UInt8]) -> UInt32 {
    var remainder = UInt32.max
    for byte in data {
      for bit in 0..<8 {
        let isOdd = (remainder ^ UInt32(byte >> bit)) & 1 == 1
        remainder = remainder >> 1 ^ (isOdd ? 0x82f6_3b78 : 0)
      }
    }
    return ~remainder
  }
}

/// Of bytes, the lowest first.
private func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
}

/// The fields of a protocol buffer message.
private struct Message {
  private enum Field {
    case varint(UInt64)
    case fixed([UInt8])
    case bytes([UInt8])
  }
  private var fields: [(number: UInt64, Field)] = []

  init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 70, by: 7) {
        guard let byte = rest.popFirst() else { throw TestError("a message is cut off") }
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
      }
      throw TestError("a number without end")
    }
    func take(_ count: UInt64) throws -> [UInt8] {
      guard rest.count >= count else { throw TestError("a field is cut off") }
      defer { rest = rest.dropFirst(Int(count)) }
      return Array(rest.prefix(Int(count)))
    }
    while !rest.isEmpty {
      let key = try varint()
      switch key & 7 {
      case 0: fields.append((key >> 3, .varint(try varint())))
      case 1: fields.append((key >> 3, .fixed(try take(8))))
      case 2: fields.append((key >> 3, .bytes(try take(try varint()))))
      case 5: fields.append((key >> 3, .fixed(try take(4))))
      default: throw TestError("a field of wire type \(key & 7)")
      }
    }
  }

  func varint(_ field: UInt64) -> UInt64? {
    for case (field, .varint(let value)) in fields { return value }
    return nil
  }

  func all(_ field: UInt64) -> [[UInt8]] {
    fields.compactMap { if $0.number == field, case .bytes(let bytes) = $0.1 { bytes } else { nil } }
  }

  func bytes(_ field: UInt64) -> [UInt8]? { all(field).first }

  func double(_ field: UInt64) -> Double? {
    for case (field, .fixed(let bytes)) in fields where bytes.count == 8 {
      return Double(bitPattern: PluginTests.number(bytes))
    }
    return nil
  }

  func float(_ field: UInt64) -> Float? {
    for case (field, .fixed(let bytes)) in fields where bytes.count == 4 {
      return Float(bitPattern: UInt32(PluginTests.number(bytes)))
    }
    return nil
  }

  func doubles(_ field: UInt64) -> [Double] {
    let bytes = bytes(field) ?? []
    return stride(from: 0, to: bytes.count, by: 8).map {
      Double(bitPattern: PluginTests.number(bytes[$0..<min($0 + 8, bytes.count)]))
    }
  }
}
