extension SpecValue {
  /// Reads JSON, as the host hands tables to plugins. Bounded in depth; nothing in it is trusted.
  public init(json text: String) throws(ForeignError) {
    var reader = SpecJSONReader(Array(text.utf8))
    self = try reader.document()
  }
}

private struct SpecJSONReader {
  private let bytes: [UInt8]
  private var index = 0
  private static let deepest = 16

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(ForeignError) -> SpecValue {
    let value = try value(depth: 0)
    skipSpace()
    guard index == bytes.count else { throw fault("something after its end") }
    return value
  }

  private mutating func value(depth: Int) throws(ForeignError) -> SpecValue {
    guard depth < Self.deepest else { throw fault("nested too deeply") }
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return try map(depth)
    case UInt8(ascii: "["): return try list(depth)
    case UInt8(ascii: "\""): return .text(try string())
    default: return try scalar()
    }
  }

  private mutating func map(_ depth: Int) throws(ForeignError) -> SpecValue {
    index += 1
    var entries: [(key: String, value: SpecValue)] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .map(entries) }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw fault("a key in quotes was expected") }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fault("':' was expected") }
      entries.append((key, try value(depth: depth + 1)))
      skipSpace()
      if take(UInt8(ascii: "}")) { return .map(entries) }
      guard take(UInt8(ascii: ",")) else { throw fault("',' or '}' was expected") }
    }
  }

  private mutating func list(_ depth: Int) throws(ForeignError) -> SpecValue {
    index += 1
    var elements: [SpecValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .list(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: "]")) { return .list(elements) }
      guard take(UInt8(ascii: ",")) else { throw fault("',' or ']' was expected") }
    }
  }

  private mutating func scalar() throws(ForeignError) -> SpecValue {
    let start = index
    while let byte = peek, !" \t\r\n,:[]{}\"".utf8.contains(byte) { index += 1 }
    let word = String(decoding: bytes[start..<index], as: UTF8.self)
    switch word {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default: break
    }
    let isNumber = word.utf8.first.map { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) } ?? false
    if isNumber, let value = Int64(word) { return .int(value) }
    if isNumber, let value = Double(word) { return .float(value) }
    throw fault("a value was expected")
  }

  private mutating func string() throws(ForeignError) -> String {
    index += 1
    var text: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "\"") {
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      guard let escaped = peek else { break }
      index += 1
      switch escaped {
      case UInt8(ascii: "n"): text.append(10)
      case UInt8(ascii: "t"): text.append(9)
      case UInt8(ascii: "r"): text.append(13)
      case UInt8(ascii: "b"): text.append(8)
      case UInt8(ascii: "f"): text.append(12)
      case UInt8(ascii: "u"): text += Array(String(try escapedScalar()).utf8)
      default: text.append(escaped)
      }
    }
    guard take(UInt8(ascii: "\"")) else { throw fault("a text without an end") }
    return String(decoding: text, as: UTF8.self)
  }

  /// The four digits after `\u`, and a second half where they are the first of a pair.
  private mutating func escapedScalar() throws(ForeignError) -> Unicode.Scalar {
    var code = try fourDigits()
    if (0xD800..<0xDC00).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      let low = try fourDigits()
      guard (0xDC00..<0xE000).contains(low) else { throw fault("half of a pair of surrogates") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw fault("half of a pair of surrogates") }
    return scalar
  }

  private mutating func fourDigits() throws(ForeignError) -> UInt32 {
    guard index + 4 <= bytes.count,
      let code = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
    else { throw fault("four hexadecimal digits were expected") }
    index += 4
    return code
  }

  private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    index += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, " \t\r\n".utf8.contains(byte) { index += 1 }
  }

  private func fault(_ what: String) -> ForeignError {
    ForeignError(
      .badSpec, "not JSON at byte \(index + 1): \(what)", help: "give a table, as in {bind: epoch, as: i64}")
  }
}
