/// JSON as Swift values. Objects keep the order of their members.
///
/// JSON has no NaN and no infinities: they are written as the texts `"NaN"`, `"Infinity"` and `"-Infinity"`.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Sendable, Equatable {
    public var name: String
    public var value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// Reads a text strictly. `source` is what problems call it.
  public init(
    parsing text: String, from source: String, limits: ConfigLimits = ConfigLimits()
  ) throws(ConfigProblems) {
    let start = SourcePosition(file: source, line: 1, column: 1)
    if text.utf8.count > limits.bytes { throw ConfigProblems([.tooLarge(source, limits.bytes)]) }
    self.init(try JSONReader.read(Array(text.utf8), from: start, limits: limits))
  }

  public init(_ node: ConfigNode) {
    self =
      switch node.value {
      case .null: .null
      case .bool(let value): .bool(value)
      case .int(let value): .int(value)
      case .float(let value): .double(value)
      case .string(let value): .string(value)
      case .list(let elements): .array(elements.map { JSONValue($0) })
      case .map(let entries): .object(entries.map { Member($0.key, JSONValue($0.value)) })
      }
  }

  /// The same value, without positions.
  public var node: ConfigNode {
    switch self {
    case .null: ConfigNode(.null)
    case .bool(let value): ConfigNode(.bool(value))
    case .int(let value): ConfigNode(.int(value))
    case .double(let value): ConfigNode(.float(value))
    case .string(let value): ConfigNode(.string(value), isQuoted: true)
    case .array(let values): ConfigNode(.list(values.map(\.node)))
    case .object(let members):
      ConfigNode(.map(members.map { ConfigNode.Entry(key: $0.name, value: $0.value.node) }))
    }
  }

  /// A member of an object.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var int: Int64? { if case .int(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
  public var members: [Member]? { if case .object(let members) = self { members } else { nil } }

  /// A number, also as one of the texts that stand for what JSON cannot write.
  public var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    case .string("NaN"): .nan
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    default: nil
    }
  }
}

// Not by nil: `flag ? value : nil` would be a null where no value is meant.
extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .int(value) }
}

extension JSONValue: ExpressibleByFloatLiteral, ExpressibleByStringLiteral {
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  public typealias ArrayLiteralElement = JSONValue
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}
