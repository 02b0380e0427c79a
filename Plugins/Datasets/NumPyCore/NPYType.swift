import DataColumns
import PluginKit

/// What one value of a NumPy array is: the text of `descr`, such as `<f4`, `|b1`, `>i8`, `<U12`.
struct NPYType: Equatable {
  enum Kind: Equatable {
    case bool, signed, unsigned, float
    /// Bytes, padded with zeros.
    case bytes
    /// Code points of four bytes each, padded with zeros.
    case text
  }

  let kind: Kind
  /// Bytes of a value.
  let size: Int
  let isBigEndian: Bool
  /// As written.
  let name: String

  /// `nil`: a type that cannot be read.
  init?(_ name: String) {
    let bytes = Array(name.utf8)
    guard bytes.count >= 3, bytes.count <= 12, let order = bytes.first,
      [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "|"), UInt8(ascii: "=")].contains(order),
      let number = Int(String(decoding: bytes[2...], as: UTF8.self)), number > 0, number <= 1 << 24
    else { return nil }
    let sizes: [Int]
    switch bytes[1] {
    case UInt8(ascii: "b"): (kind, sizes) = (.bool, [1])
    case UInt8(ascii: "i"): (kind, sizes) = (.signed, [1, 2, 4, 8])
    case UInt8(ascii: "u"): (kind, sizes) = (.unsigned, [1, 2, 4, 8])
    case UInt8(ascii: "f"): (kind, sizes) = (.float, [2, 4, 8])
    case UInt8(ascii: "S"), UInt8(ascii: "a"): (kind, sizes) = (.bytes, [])
    case UInt8(ascii: "U"): (kind, sizes) = (.text, [])
    default: return nil
    }
    guard sizes.isEmpty || sizes.contains(number) else { return nil }
    size = kind == .text ? 4 * number : number
    isBigEndian = order == UInt8(ascii: ">")
    self.name = name
  }

  var isText: Bool { kind == .bytes || kind == .text }
  var isWhole: Bool { kind == .bool || kind == .signed || kind == .unsigned }

  /// In memory: the smallest of the contract's types that holds every value; whole numbers of 64 bits without a sign
  /// are checked, value by value.
  var elementType: ElementType {
    switch (kind, size) {
    case (.bool, _), (.unsigned, 1): .uint8
    case (.signed, 8), (.unsigned, 4), (.unsigned, 8): .int64
    case (.float, 8): .float64
    case (.float, _): .float32
    default: .int32
    }
  }

  /// Values lie in the file as in memory.
  var isNative: Bool {
    elementType.size == size && (!isBigEndian || size == 1) && !isText && !(kind == .unsigned && size == 8)
  }
}
