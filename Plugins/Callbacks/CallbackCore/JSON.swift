import PluginKit

/// A value of JSON, for options that are tables. The host hands over what it has parsed itself, so this reader
/// is small: it has bounds and refuses, and leaves fine words about commas to the host.
public enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSON])
  /// In the order of the text.
  case object([Member])

  public struct Member: Equatable, Sendable {
    public var key: String
    public var value: JSON
  }

  public static let deepest = 16
  public static let longest = 1 << 20

  public init(_ text: String) throws {
    guard text.utf8.count <= Self.longest else {
      throw PluginError("the table has more than \(Self.longest) bytes")
    }
    var reader = JSONReader(bytes: Array(text.utf8))
    self = try reader.document()
  }

  /// For messages: `0.5`, `'cos'`, `a list`.
  var found: String {
    switch self {
    case .null: "nothing"
    case .bool(let value): "\(value)"
    case .number(let value): value.short(9)
    case .string(let text): "'\(text)'"
    case .array: "a list"
    case .object: "a table"
    }
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  var position = 0
  var depth = 0

  mutating func document() throws -> JSON {
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw error("the end") }
    return value
  }

  private mutating func value() throws -> JSON {
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return try nested { try $0.object() }
    case UInt8(ascii: "["): return try nested { try $0.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func nested(_ body: (inout Self) throws -> JSON) throws -> JSON {
    guard depth < JSON.deepest else { throw PluginError("the table is nested deeper than \(JSON.deepest)") }
    depth += 1
    defer { depth -= 1 }
    position += 1
    return try body(&self)
  }

  private mutating func object() throws -> JSON {
    var members: [JSON.Member] = []
    if skip("}") { return .object(members) }
    repeat {
      skipSpace()
      let key = try string()
      guard !members.contains(where: { $0.key == key }) else { throw PluginError("'\(key)' is given twice") }
      guard skip(":") else { throw error("':'") }
      members.append(JSON.Member(key: key, value: try value()))
    } while skip(",")
    guard skip("}") else { throw error("',' or '}'") }
    return .object(members)
  }

  private mutating func array() throws -> JSON {
    var elements: [JSON] = []
    if skip("]") { return .array(elements) }
    repeat { elements.append(try value()) } while skip(",")
    guard skip("]") else { throw error("',' or ']'") }
    return .array(elements)
  }

  private mutating func word(_ word: String, _ value: JSON) throws -> JSON {
    guard bytes[position...].starts(with: word.utf8) else { throw error("a value") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws -> JSON {
    let digits = bytes[position...].prefix { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
    }
    guard let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite else {
      throw error("a value")
    }
    position += digits.count
    return .number(value)
  }

  private mutating func string() throws -> String {
    guard peek == UInt8(ascii: "\"") else { throw error("a text in quotes") }
    position += 1
    var text: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "\"") {
      position += 1
      if byte == UInt8(ascii: "\\") { text += try escape() } else { text.append(byte) }
    }
    guard peek != nil, let result = String(validating: text, as: UTF8.self) else { throw error("'\"'") }
    position += 1
    return result
  }

  private mutating func escape() throws -> [UInt8] {
    guard let byte = peek else { throw error("an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "u"):
      let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
      guard digits.utf8.count == 4, let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code)
      else { throw error("four digits of a character") }
      position += 4
      return Array(String(scalar).utf8)
    default: throw error("an escape")
    }
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek, [9, 10, 13, 32].contains(byte) { position += 1 }
  }

  private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
    skipSpace()
    guard peek == UInt8(ascii: mark) else { return false }
    position += 1
    return true
  }

  private func error(_ expected: String) -> PluginError {
    PluginError("the table is not JSON: \(expected) expected at byte \(position)")
  }
}
