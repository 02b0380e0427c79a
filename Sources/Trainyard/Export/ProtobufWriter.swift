/// Writes the wire format of Protocol Buffers, version 3: fields in the order of the calls.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put(_ field: Int, _ value: Int) {
    putKey(field, wireType: 0)
    putVarint(UInt64(bitPattern: Int64(value)))
  }

  mutating func put(_ field: Int, _ value: Float) {
    putKey(field, wireType: 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  mutating func put(_ field: Int, _ text: String) { put(field, Array(text.utf8)) }

  /// Bytes, or a message that was written.
  mutating func put(_ field: Int, _ content: [UInt8]) {
    putKey(field, wireType: 2)
    putVarint(UInt64(content.count))
    bytes += content
  }

  mutating func put(_ field: Int, message: (inout ProtobufWriter) -> Void) {
    var writer = ProtobufWriter()
    message(&writer)
    put(field, writer.bytes)
  }

  /// One field with all of the numbers.
  mutating func put(_ field: Int, packed values: [Int]) {
    put(field, message: { for value in values { $0.putVarint(UInt64(bitPattern: Int64(value))) } })
  }

  private mutating func putKey(_ field: Int, wireType: UInt64) { putVarint(UInt64(field) << 3 | wireType) }

  private mutating func putVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
