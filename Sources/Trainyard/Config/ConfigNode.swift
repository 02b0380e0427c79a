/// A value as it was read from a YAML or JSON text, with its position. Maps keep the order of their keys.
///
/// Two nodes are equal when their values are; positions and spelling do not count.
public struct ConfigNode: Sendable {
  public enum Content: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case float(Double)
    case string(String)
    case list([ConfigNode])
    case map([Entry])
  }

  /// A key of a map and what it holds.
  public struct Entry: Sendable {
    public var key: String
    public var keyPosition: SourcePosition
    public var value: ConfigNode

    public init(key: String, keyPosition: SourcePosition = .none, value: ConfigNode) {
      self.key = key
      self.keyPosition = keyPosition
      self.value = value
    }
  }

  public var value: Content
  public var position: SourcePosition
  /// A scalar as it was written, without quotes: `1.10` is the float 1.1 and may be wanted as a text.
  public var text: String
  /// A scalar in quotes (or a YAML block) is a text whatever it looks like.
  public var isQuoted: Bool

  public init(
    _ value: Content, at position: SourcePosition = .none, text: String? = nil, isQuoted: Bool = false
  ) {
    self.value = value
    self.position = position
    self.text = text ?? Self.spelling(of: value)
    self.isQuoted = isQuoted
  }

  private static func spelling(of value: Content) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .float(let value): YAMLScalar.text(of: value)
    case .string(let value): value
    case .list, .map: ""
    }
  }
}

extension ConfigNode: CustomStringConvertible {
  public static let null = ConfigNode(.null)

  /// As JSON, on one line.
  public var description: String { JSONWriter.compact(JSONValue(self)) }
}

// MARK: Looking in

extension ConfigNode {
  /// The value of a key of a map.
  public subscript(key: String) -> ConfigNode? {
    entries.first { $0.key == key }?.value
  }

  /// The entries of a map; none for anything else.
  public var entries: [Entry] {
    if case .map(let entries) = value { entries } else { [] }
  }

  /// The elements of a list; none for anything else.
  public var elements: [ConfigNode] {
    if case .list(let elements) = value { elements } else { [] }
  }

  /// The text of a string; `nil` for anything else.
  public var string: String? {
    if case .string(let text) = value { text } else { nil }
  }

  public var isMap: Bool {
    if case .map = value { true } else { false }
  }

  public var isList: Bool {
    if case .list = value { true } else { false }
  }

  public var isNull: Bool {
    if case .null = value { true } else { false }
  }

  /// What an error says was found: `'three'`, `3.5`, `a list`.
  public var found: String {
    switch value {
    case .null: "nothing"
    case .bool, .int, .float: text.shownInMessages
    case .string: "'\(text.shownInMessages)'"
    case .list: "a list"
    case .map: "a map"
    }
  }
}

// MARK: Changing

extension ConfigNode {
  /// The map with `key` set, in place where it is there, else at the end. Anything else becomes a map.
  public func setting(_ key: String, to value: ConfigNode) -> ConfigNode {
    var entries = entries
    if let index = entries.firstIndex(where: { $0.key == key }) {
      entries[index].value = value
    } else {
      entries.append(Entry(key: key, keyPosition: value.position, value: value))
    }
    return ConfigNode(.map(entries), at: position)
  }

  /// The map with what lies at a path of keys set; maps that are missing on the way are made.
  public func setting(path: [String], to value: ConfigNode) -> ConfigNode {
    guard let key = path.first else { return value }
    let inner = self[key] ?? ConfigNode(.map([]), at: value.position)
    return setting(key, to: inner.setting(path: Array(path.dropFirst()), to: value))
  }

  /// The map without some of its keys.
  public func removing(_ keys: Set<String>) -> ConfigNode {
    ConfigNode(.map(entries.filter { !keys.contains($0.key) }), at: position)
  }
}

// MARK: Comparing and writing down

extension ConfigNode: Equatable {
  public static func == (left: ConfigNode, right: ConfigNode) -> Bool {
    switch (left.value, right.value) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.int(let left), .int(let right)): left == right
    case (.float(let left), .float(let right)): left == right
    case (.string(let left), .string(let right)): left == right
    case (.list(let left), .list(let right)): left == right
    case (.map(let left), .map(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    default: false
    }
  }
}

// Not by nil: `flag ? node : nil` would be a null where no node is meant.
extension ConfigNode: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
  public init(booleanLiteral value: Bool) { self.init(.bool(value)) }
  public init(integerLiteral value: Int64) { self.init(.int(value)) }
}

extension ConfigNode: ExpressibleByFloatLiteral, ExpressibleByStringLiteral {
  public init(floatLiteral value: Double) { self.init(.float(value)) }
  public init(stringLiteral value: String) { self.init(.string(value)) }
}

extension ConfigNode: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  public typealias ArrayLiteralElement = ConfigNode
  public init(arrayLiteral elements: ConfigNode...) { self.init(.list(elements)) }
  public init(dictionaryLiteral elements: (String, ConfigNode)...) {
    self.init(.map(elements.map { Entry(key: $0.0, value: $0.1) }))
  }
}
