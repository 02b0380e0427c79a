import PluginKit

/// What an IDX file begins with: two zeros, the type of its values, the number of dimensions, and their sizes
/// as big-endian 32-bit numbers.
struct IDXHeader {
  /// The types by the byte that stands for them.
  enum ValueType: UInt8 {
    case ubyte = 0x08
    case sbyte = 0x09
    case short = 0x0b
    case int, float, double

    /// In bytes, in the file.
    var size: Int {
      switch self {
      case .ubyte, .sbyte: 1
      case .short: 2
      case .int, .float: 4
      case .double: 8
      }
    }

    var isFloatingPoint: Bool { self == .float || self == .double }

    /// The type in memory: the smallest of the contract's that holds every value.
    var elementType: ElementType {
      switch self {
      case .ubyte: .uint8
      case .sbyte, .short, .int: .int32
      case .float: .float32
      case .double: .float64
      }
    }
  }

  static let maximumDimensions = 7

  let type: ValueType
  let sizes: [Int]

  var byteCount: Int { 4 + 4 * sizes.count }
  var rowCount: Int { sizes[0] }
  var rowShape: [Int] { Array(sizes.dropFirst()) }
  /// Such as `60000 × 28 × 28`.
  var shapeText: String { sizes.map(String.init).joined(separator: " × ") }

  /// Bytes of all values in the file; `nil` where that is more than can be counted.
  var payloadByteCount: Int? {
    var bytes = type.size
    for size in sizes {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      bytes = product
    }
    return bytes <= .max - byteCount ? bytes : nil
  }

  /// - Parameter read: gives the next so many bytes of the file, fewer where it ends.
  init(of path: String, read: (Int) throws -> [UInt8]) throws {
    let magic = try read(4)
    guard magic.count == 4 else {
      throw PluginError(
        "'\(path)' is not an IDX file: it has \(magic.count) bytes, and a header has at least 8",
        help: "give a file in the format that MNIST has")
    }
    guard magic[0] == 0, magic[1] == 0, let type = ValueType(rawValue: magic[2]),
      (1...Self.maximumDimensions).contains(Int(magic[3]))
    else {
      throw PluginError(
        "'\(path)' is not an IDX file: it begins with \(magic.map(hexadecimal).joined(separator: " ")), and an "
          + "IDX file with 00 00, its type (08, 09, 0b, 0c, 0d or 0e) and its number of dimensions (01 to 07)",
        help: "give a file in the format that MNIST has"
      )
    }
    let dimensions = Int(magic[3])
    let bytes = try read(4 * dimensions)
    guard bytes.count == 4 * dimensions else {
      throw PluginError(
        "'\(path)' is truncated: it has \(4 + bytes.count) bytes, and its header of \(dimensions) dimensions "
          + "has \(4 + 4 * dimensions)", help: "get the file again")
    }
    self.type = type
    sizes = (0..<dimensions).map { index in
      bytes[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    guard !rowShape.contains(0) else {
      throw PluginError(
        "'\(path)' has rows without values: its sizes are \(shapeText)", help: "get the file again")
    }
  }
}

private func hexadecimal(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16)
  return byte < 16 ? "0" + digits : digits
}
