/// A protocol buffer message in its wire form, built field by field.
struct ProtobufMessage {
  private(set) var bytes: [UInt8] = []

  private enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
  }

  mutating func add(_ field: UInt64, int64 value: Int64) {
    addKey(field, .varint)
    addVarint(UInt64(bitPattern: value))
  }

  mutating func add(_ field: UInt64, double value: Double) {
    addKey(field, .fixed64)
    bytes += littleEndian(value.bitPattern)
  }

  mutating func add(_ field: UInt64, float value: Float) {
    addKey(field, .fixed32)
    bytes += littleEndian(value.bitPattern)
  }

  mutating func add(_ field: UInt64, text: String) { add(field, bytes: Array(text.utf8)) }

  mutating func add(_ field: UInt64, message: ProtobufMessage) { add(field, bytes: message.bytes) }

  /// A repeated field, packed.
  mutating func add(_ field: UInt64, doubles values: [Double]) {
    add(field, bytes: values.flatMap { littleEndian($0.bitPattern) })
  }

  private mutating func add(_ field: UInt64, bytes content: [UInt8]) {
    addKey(field, .lengthDelimited)
    addVarint(UInt64(content.count))
    bytes += content
  }

  private mutating func addKey(_ field: UInt64, _ type: WireType) { addVarint(field << 3 | type.rawValue) }

  private mutating func addVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
