/// Turns a `Codable` value into a table of keys and values.
final class StateEncoder: Encoder {
  private(set) var table: StateTable = [:]
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]
  private let path: String
  private let root: StateEncoder?

  init(path: String = "", root: StateEncoder? = nil) {
    self.path = path
    self.root = root
  }

  static func table(of value: some Encodable) throws -> StateTable {
    let encoder = StateEncoder()
    try value.encode(to: encoder)
    return encoder.table
  }

  static func encode(_ value: some Encodable, to sink: StateSink) throws {
    sink.put(try table(of: value))
  }

  func set(_ key: String, _ value: StateValue) {
    if let root { root.set(key, value) } else { table[key] = value }
  }

  func encode<T: Encodable>(_ value: T, at key: String) throws {
    switch value {
    case let value as Bool: set(key, .int(value ? 1 : 0))
    case let value as Double: set(key, .float(value))
    case let value as Float: set(key, .float(Double(value)))
    case let value as String: set(key, .bytes(Array(value.utf8)))
    case let value as UInt64: set(key, .int(Int64(bitPattern: value)))
    case let value as UInt: set(key, .int(Int64(bitPattern: UInt64(value))))
    case let value as any FixedWidthInteger:
      guard !StateKey.isTooLarge(value) else {
        throw PluginError(
          "'\(key)' is \(value), and a number in the state may have 62 bits", help: "take UInt64 for bits")
      }
      set(key, .int(Int64(value)))
    // An empty array of anything is also an empty array of these to `as`, and must not be saved as one.
    case let value as [Double] where T.self == [Double].self: set(key, .doubles(value))
    case let value as [Float] where T.self == [Float].self: set(key, .floats(value))
    case let value as [Int] where T.self == [Int].self: set(key, .ints(value.map { Int64($0) }))
    case let value as [UInt8] where T.self == [UInt8].self: set(key, .bytes(value))
    default: try value.encode(to: StateEncoder(path: key, root: root ?? self))
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(Keyed(encoder: self, path: path))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer { Unkeyed(encoder: self, path: path) }
  func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self, path: path) }

  private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: StateEncoder
    let path: String
    var codingPath: [any CodingKey] { [] }

    private func join(_ key: Key) -> String { StateKey.join(path, key.stringValue) }

    mutating func encodeNil(forKey key: Key) { encoder.set(StateKey.isNil(join(key)), .int(1)) }
    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
      try encoder.encode(value, at: join(key))
    }

    private mutating func optional<T: Encodable>(_ value: T?, _ key: Key) throws {
      if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }
    mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws {
      try optional(value, key)
    }

    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
      KeyedEncodingContainer(StateEncoder.Keyed<Nested>(encoder: encoder, path: join(key)))
    }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      Unkeyed(encoder: encoder, path: join(key))
    }
    mutating func superEncoder() -> any Encoder {
      StateEncoder(path: StateKey.join(path, "super"), root: encoder)
    }
    mutating func superEncoder(forKey key: Key) -> any Encoder {
      StateEncoder(path: join(key), root: encoder)
    }
  }

  private struct Unkeyed: UnkeyedEncodingContainer {
    let encoder: StateEncoder
    let path: String
    var count = 0
    var codingPath: [any CodingKey] { [] }

    init(encoder: StateEncoder, path: String) {
      self.encoder = encoder
      self.path = path
      encoder.set(StateKey.count(path), .int(0))
    }

    private mutating func next() -> String {
      defer {
        count += 1
        encoder.set(StateKey.count(path), .int(Int64(count)))
      }
      return StateKey.join(path, String(count))
    }

    mutating func encodeNil() { encoder.set(StateKey.isNil(next()), .int(1)) }
    mutating func encode<T: Encodable>(_ value: T) throws { try encoder.encode(value, at: next()) }
    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
      KeyedEncodingContainer(Keyed<Nested>(encoder: encoder, path: next()))
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      Unkeyed(encoder: encoder, path: next())
    }
    mutating func superEncoder() -> any Encoder { StateEncoder(path: next(), root: encoder) }
  }

  private struct Single: SingleValueEncodingContainer {
    let encoder: StateEncoder
    let path: String
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() { encoder.set(StateKey.isNil(StateKey.named(path)), .int(1)) }
    mutating func encode<T: Encodable>(_ value: T) throws {
      try encoder.encode(value, at: StateKey.named(path))
    }
  }
}
