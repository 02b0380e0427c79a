import PluginKit

/// What an NPY file begins with: a magic text, the version of the format (1, 2 or 3), the length of what follows, and
/// a Python dictionary with the type, the order and the shape. Source: NumPy's `numpy.lib.format`.
struct NPYHeader {
  /// Tensors have at most eight dimensions.
  static let maximumDimensions = 8
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// NumPy's own writers stay far below.
  private static let longest = 1 << 20

  let type: NPYType
  let isFortran: Bool
  let shape: [Int]
  /// Where the values begin.
  let byteCount: Int
  /// Bytes of all values.
  let payloadByteCount: Int

  var rowCount: Int { shape[0] }
  var rowShape: [Int] { Array(shape.dropFirst()) }
  /// Such as `1797 × 64 of <f8`.
  var text: String { shape.map(String.init).joined(separator: " × ") + " of \(type.name)" }

  /// - Parameter name: of the file or member, quoted, for errors.
  init(_ bytes: UnsafeRawBufferPointer, of name: String) throws {
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual(Self.magic) else {
      throw PluginError(
        "\(name) is not an NPY file: it has \(bytes.count) bytes and does not begin with \\x93NUMPY",
        help: "give a file that `numpy.save` wrote")
    }
    let version = bytes[6]
    guard (1...3).contains(version) else {
      throw PluginError(
        "\(name) has version \(version).\(bytes[7]) of the NPY format, and 1 to 3 can be read",
        help: "save it again with a current NumPy")
    }
    let prefix = version == 1 ? 10 : 12
    let lengthBytes = bytes.dropFirst(8).prefix(prefix - 8)
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard bytes.count >= prefix, length <= bytes.count - prefix, length <= Self.longest else {
      throw PluginError(
        "\(name) is truncated: its header has \(length) bytes, and \(max(0, bytes.count - prefix)) follow",
        help: "get the file again")
    }
    var reader = LiteralReader(Array(bytes[prefix..<prefix + length]))
    guard let facts = reader.dictionary() else {
      throw PluginError(
        "\(name) is damaged: its header is not a dictionary with descr, fortran_order and shape",
        help: "get the file again")
    }
    guard let typeName = facts.type else {
      throw PluginError(
        "\(name) is a structured array", help: "save each of its fields as an array of its own")
    }
    guard let type = NPYType(typeName) else {
      throw PluginError(
        "\(name) holds values of type '\(typeName)', which cannot be read",
        help: typeName.hasSuffix("O")
          ? "Python objects need Python: save numbers or texts, with `array.astype(...)`"
          : "bool, int, uint, float16 to float64, bytes and str can: use `array.astype(...)`")
    }
    guard !facts.shape.isEmpty, facts.shape.count <= Self.maximumDimensions else {
      throw PluginError(
        "\(name) has \(facts.shape.count) dimensions, and 1 to \(Self.maximumDimensions) can be read",
        help: "the first dimension is the rows: use `array.reshape(...)`")
    }
    guard !facts.shape.dropFirst().contains(0) else {
      throw PluginError("\(name) has rows without values: its shape is \(facts.shape)")
    }
    var payload = type.size
    // The rows last: where there are none, a row of any size would do.
    for size in facts.shape.dropFirst() + facts.shape.prefix(1) {
      let (product, overflow) = payload.multipliedReportingOverflow(by: size)
      guard !overflow else {
        throw PluginError(
          "\(name) is damaged: its shape \(facts.shape) is more than can be", help: "get the file again")
      }
      payload = product
    }
    self.type = type
    isFortran = facts.isFortran
    shape = facts.shape
    byteCount = prefix + length
    payloadByteCount = payload
    guard payload <= bytes.count - byteCount else {
      throw PluginError(
        "\(name) is truncated: it has \(bytes.count) bytes, and its header asks for \(byteCount) + \(payload) "
          + "(\(text))", help: "get the file again")
    }
    guard payload == bytes.count - byteCount else {
      throw PluginError(
        "\(name) goes on after the \(byteCount + payload) bytes that its header asks for (\(text))",
        help: "a file holds one array: save each to its own, or use npz")
    }
  }
}

/// Reads the Python literals that a header consists of.
private struct LiteralReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  struct Facts {
    /// `nil`: a list of fields.
    var type: String?
    var isFortran: Bool
    var shape: [Int]
  }

  mutating func dictionary() -> Facts? {
    guard take("{") else { return nil }
    var type: String??
    var isFortran: Bool?
    var shape: [Int]?
    while !take("}") {
      guard let key = string(), take(":") else { return nil }
      switch key {
      case "descr":
        if peek() == UInt8(ascii: "[") {
          // What is in it does not matter: such arrays are refused.
          return Facts(type: nil, isFortran: false, shape: [])
        }
        guard let text = string() else { return nil }
        type = .some(text)
      case "fortran_order":
        guard let word = word(), ["True", "False"].contains(word) else { return nil }
        isFortran = word == "True"
      case "shape":
        guard let sizes = tuple() else { return nil }
        shape = sizes
      default: return nil
      }
      guard take(",") || peek() == UInt8(ascii: "}") else { return nil }
    }
    skipBlanks()
    guard place == bytes.count, let type, let isFortran, let shape else { return nil }
    return Facts(type: type, isFortran: isFortran, shape: shape)
  }

  private mutating func string() -> String? {
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
    let start = place + 1
    guard let end = bytes[start...].firstIndex(of: quote), !bytes[start..<end].contains(UInt8(ascii: "\\"))
    else { return nil }
    place = end + 1
    return String(validating: bytes[start..<end], as: UTF8.self)
  }

  private mutating func word() -> String? {
    guard let first = peek(), isLetter(first) else { return nil }
    let start = place
    while place < bytes.count, isLetter(bytes[place]) { place += 1 }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }

  private mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var sizes: [Int] = []
    while !take(")") {
      skipBlanks()
      let start = place
      while place < bytes.count, bytes[place] >= UInt8(ascii: "0"), bytes[place] <= UInt8(ascii: "9") {
        place += 1
      }
      guard let size = Int(String(decoding: bytes[start..<place], as: UTF8.self)) else { return nil }
      // Python 2 wrote its long numbers so.
      if place < bytes.count, bytes[place] == UInt8(ascii: "L") { place += 1 }
      sizes.append(size)
      guard take(",") || peek() == UInt8(ascii: ")") else { return nil }
    }
    return sizes
  }

  private mutating func take(_ character: Character) -> Bool {
    guard let next = peek(), next == character.asciiValue else { return false }
    place += 1
    return true
  }

  private mutating func peek() -> UInt8? {
    skipBlanks()
    return place < bytes.count ? bytes[place] : nil
  }

  private mutating func skipBlanks() {
    while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x0a { place += 1 }
  }

  private func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
