/// Reads JSON as RFC 8259 has it, with positions. A key twice in one object is a problem, too.
struct JSONReader {
  private let bytes: [UInt8]
  private let limits: ConfigLimits
  private var offset = 0
  private var position: SourcePosition
  private var values = 0
  private var problems: [ConfigProblem] = []

  private init(_ bytes: [UInt8], from start: SourcePosition, limits: ConfigLimits) {
    self.bytes = bytes
    self.limits = limits
    position = start
  }

  /// The value of a text that is valid UTF-8.
  static func read(
    _ bytes: [UInt8], from start: SourcePosition, limits: ConfigLimits
  ) throws(ConfigProblems) -> ConfigNode {
    var reader = JSONReader(bytes, from: start, limits: limits)
    do throws(ConfigProblem) {
      let node = try reader.value(depth: 0)
      reader.skipBlanks()
      if reader.peek != nil { throw reader.syntax("the end", help: "a JSON text holds one value") }
      if reader.problems.isEmpty { return node }
    } catch {
      reader.problems.append(error)
    }
    throw ConfigProblems(reader.problems)
  }

  private mutating func value(depth: Int) throws(ConfigProblem) -> ConfigNode {
    skipBlanks()
    let start = position
    values += 1
    if values > limits.values { throw .tooManyValues(at: start, limits) }
    switch peek {
    case UInt8(ascii: "{"): return try object(start, depth: depth + 1)
    case UInt8(ascii: "["): return try array(start, depth: depth + 1)
    case UInt8(ascii: "\""): return ConfigNode(.string(try string()), at: start, isQuoted: true)
    case UInt8(ascii: "t") where take("true"): return ConfigNode(.bool(true), at: start)
    case UInt8(ascii: "f") where take("false"): return ConfigNode(.bool(false), at: start)
    case UInt8(ascii: "n") where take("null"): return ConfigNode(.null, at: start)
    case let byte? where "-0123456789".utf8.contains(byte): return try number(start)
    default: throw syntax("a value", help: "texts and keys stand in double quotes")
    }
  }

  private mutating func object(_ start: SourcePosition, depth: Int) throws(ConfigProblem) -> ConfigNode {
    if depth > limits.depth { throw .tooDeep(at: start, limits) }
    var entries: [ConfigNode.Entry] = []
    var places: [String: SourcePosition] = [:]
    advance()
    skipBlanks()
    while peek != UInt8(ascii: "}") {
      let keyPosition = position
      guard peek == UInt8(ascii: "\"") else { throw syntax("a key in double quotes or '}'") }
      let key = try string()
      skipBlanks()
      guard take(":") else { throw syntax("':'") }
      let entry = ConfigNode.Entry(key: key, keyPosition: keyPosition, value: try value(depth: depth))
      if let before = places.updateValue(keyPosition, forKey: key) {
        problems.append(.duplicateKey(key, at: keyPosition, before: before))
        if problems.count >= ConfigLimits.problems { break }
      } else {
        entries.append(entry)
      }
      skipBlanks()
      if peek == UInt8(ascii: "}") { break }
      guard take(",") else { throw syntax("',' or '}'") }
      skipBlanks()
      if peek == UInt8(ascii: "}") { throw syntax("a key", help: "remove the comma before") }
    }
    advance()
    return ConfigNode(.map(entries), at: start)
  }

  private mutating func array(_ start: SourcePosition, depth: Int) throws(ConfigProblem) -> ConfigNode {
    if depth > limits.depth { throw .tooDeep(at: start, limits) }
    var elements: [ConfigNode] = []
    advance()
    skipBlanks()
    while peek != UInt8(ascii: "]") {
      elements.append(try value(depth: depth))
      skipBlanks()
      if peek == UInt8(ascii: "]") { break }
      guard take(",") else { throw syntax("',' or ']'") }
      skipBlanks()
      if peek == UInt8(ascii: "]") { throw syntax("a value", help: "remove the comma before") }
    }
    advance()
    return ConfigNode(.list(elements), at: start)
  }

  /// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][-+]?[0-9]+)?`
  private mutating func number(_ start: SourcePosition) throws(ConfigProblem) -> ConfigNode {
    let first = offset
    while let byte = peek, "+-.0123456789eE".utf8.contains(byte) { advance() }
    let text = String(decoding: bytes[first..<offset], as: UTF8.self)
    let unsigned = text.drop { $0 == "-" }
    let hasLeadingZero = unsigned.hasPrefix("0") && unsigned.dropFirst().first?.isNumber == true
    let dangles =
      unsigned.hasPrefix(".") || unsigned.hasSuffix(".") || unsigned.contains(".e") || unsigned.contains(".E")
    guard !hasLeadingZero, !dangles, YAMLScalar.isNumber(text) else {
      throw ConfigProblem(
        .syntax, "not valid JSON: '\(text.shownInMessages)' is no number", at: start,
        help: "write it as -12, 0.5 or 1e-3")
    }
    guard let value = YAMLScalar.value(of: text) else { throw .numberTooLarge(text, at: start) }
    return ConfigNode(value, at: start, text: text)
  }

  private mutating func string() throws(ConfigProblem) -> String {
    let start = position
    var text: [UInt8] = []
    advance()
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        advance()
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        advance()
        text += try escape().utf8
      case 0..<0x20:
        throw syntax("'\"' before the end of the line", help: "write a line break in a text as \\n")
      default:
        text.append(byte)
        advance()
      }
    }
    throw ConfigProblem(.syntax, "not valid JSON: a text has no end", at: start, help: "close it with '\"'")
  }

  private mutating func escape() throws(ConfigProblem) -> String {
    guard let byte = peek else { throw syntax("an escape") }
    advance()
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try codeUnit()
      if let scalar = Unicode.Scalar(unit) { return String(Character(scalar)) }
      // A scalar beyond U+FFFF is written as two halves.
      guard UTF16.isLeadSurrogate(unit), take("\\u") else {
        throw syntax("the other half of a surrogate pair")
      }
      let second = try codeUnit()
      guard UTF16.isTrailSurrogate(second) else { throw syntax("the other half of a surrogate pair") }
      return String(decoding: [unit, second], as: UTF16.self)
    default: throw syntax("one of \" \\ / b f n r t u after '\\'", help: "write a backslash as \\\\")
    }
  }

  private mutating func codeUnit() throws(ConfigProblem) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw syntax("four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
      advance()
    }
    return unit
  }

  // MARK: Moving on

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func advance() {
    guard let byte = peek else { return }
    offset += 1
    if byte == UInt8(ascii: "\n") && position.line > 0 {
      position.line += 1
      position.column = 1
    } else if byte & 0xC0 != 0x80 {
      position.column += 1
    }
  }

  private mutating func take(_ text: StaticString) -> Bool {
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    guard bytes[offset...].starts(with: wanted) else { return false }
    for _ in wanted { advance() }
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { advance() }
  }

  private func syntax(_ expected: String, help: String = "") -> ConfigProblem {
    let found = String(decoding: bytes[offset...].prefix(16), as: UTF8.self).unicodeScalars.first
    let shown = found.map { "'\(String($0).shownInMessages)'" } ?? "the end of the text"
    return ConfigProblem(
      .syntax, "not valid JSON: expected \(expected), found \(shown)", at: position, help: help)
  }
}
