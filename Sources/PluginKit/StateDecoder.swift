/// Makes a `Codable` value from a table of keys and values.
struct StateDecoder: Decoder {
  let table: StateTable
  let path: String
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// The saved keys laid over those of `initial`, so that a key that was not saved keeps its value there.
  static func decode<T: Codable>(over initial: T, from source: StateSource) throws -> T {
    var table = try StateEncoder.table(of: initial)
    for key in source.keys {
      let value = try table[key].flatMap { try source.value(key, like: $0) } ?? source.anyValue(key)
      guard let value else { continue }
      if key.hasSuffix("?") { remove(String(key.dropLast()), from: &table) }
      markAsThere(key.hasSuffix("?") ? String(key.dropLast()) : key, in: &table)
      table[key] = value
    }
    return try T(from: StateDecoder(table: table, path: ""))
  }

  /// What was saved as nil has no value, and none within it.
  private static func remove(_ key: String, from table: inout StateTable) {
    table[key] = nil
    for inner in table.keys where inner.hasPrefix(key + ".") { table[inner] = nil }
  }

  /// What was saved is not nil, and neither is what it lies in: `columns.0` says that there are columns.
  private static func markAsThere(_ key: String, in table: inout StateTable) {
    var outer = key[...]
    table[StateKey.isNil(key)] = nil
    while let dot = outer.lastIndex(of: ".") {
      outer = outer[..<dot]
      table[StateKey.isNil(String(outer))] = nil
    }
  }

  func decode<T: Decodable>(_ type: T.Type, at key: String) throws -> T {
    let value: Any?
    switch type {
    case is Bool.Type: value = try int(key) != 0
    case is Double.Type: value = try double(key)
    case is Float.Type: value = Float(try double(key))
    case is String.Type: value = try text(key)
    case is UInt64.Type: value = UInt64(bitPattern: try int(key))
    case is UInt.Type: value = UInt(UInt64(bitPattern: try int(key)))
    case let type as any FixedWidthInteger.Type: value = try integer(type, key)
    case is [Double].Type: if case .doubles(let list) = table[key] { value = list } else { value = nil }
    case is [Float].Type: if case .floats(let list) = table[key] { value = list } else { value = nil }
    case is [Int].Type:
      if case .ints(let list) = table[key], !list.contains(where: StateKey.isTooLarge) {
        value = list.map { Int($0) }
      } else {
        value = nil
      }
    case is [UInt8].Type: if case .bytes(let list) = table[key] { value = list } else { value = nil }
    default: return try T(from: StateDecoder(table: table, path: key))
    }
    guard let value = value as? T else { throw damaged(key) }
    return value
  }

  private func integer<I: FixedWidthInteger>(_ type: I.Type, _ key: String) throws -> I {
    guard let value = I(exactly: try int(key)), !StateKey.isTooLarge(value) else { throw damaged(key) }
    return value
  }

  private func int(_ key: String) throws -> Int64 {
    guard case .int(let value) = table[key] else { throw damaged(key) }
    return value
  }

  private func double(_ key: String) throws -> Double {
    guard case .float(let value) = table[key] else { throw damaged(key) }
    return value
  }

  private func text(_ key: String) throws -> String {
    guard case .bytes(let bytes) = table[key], let text = String(validating: bytes, as: UTF8.self) else {
      throw damaged(key)
    }
    return text
  }

  func isNil(_ key: String) -> Bool { table[StateKey.isNil(key)] != nil }

  private func damaged(_ key: String) -> PluginError {
    PluginError("the saved state is damaged: '\(key)' is missing or holds another type")
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Keyed(decoder: self, path: path))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try Unkeyed(self, path) }
  func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self, path: path) }

  private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: StateDecoder
    let path: String
    var codingPath: [any CodingKey] { [] }

    private func join(_ key: Key) -> String { StateKey.join(path, key.stringValue) }

    var allKeys: [Key] {
      let prefix = path.isEmpty ? "" : path + "."
      let names = decoder.table.keys.compactMap { key -> String? in
        guard key.hasPrefix(prefix) else { return nil }
        let name = key.dropFirst(prefix.count).prefix { $0 != "." }
        return String(name.hasSuffix("?") ? name.dropLast() : name)
      }
      return Set(names).sorted().compactMap { Key(stringValue: $0) }
    }

    func contains(_ key: Key) -> Bool {
      let joined = join(key)
      return decoder.table[joined] != nil || decoder.isNil(joined)
        || decoder.table.keys.contains { $0.hasPrefix(joined + ".") }
    }

    func decodeNil(forKey key: Key) -> Bool { decoder.isNil(join(key)) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
      try decoder.decode(type, at: join(key))
    }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedDecodingContainer<Nested> {
      KeyedDecodingContainer(StateDecoder.Keyed<Nested>(decoder: decoder, path: join(key)))
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try Unkeyed(decoder, join(key))
    }
    func superDecoder() -> any Decoder {
      StateDecoder(table: decoder.table, path: StateKey.join(path, "super"))
    }
    func superDecoder(forKey key: Key) -> any Decoder { StateDecoder(table: decoder.table, path: join(key)) }
  }

  private struct Unkeyed: UnkeyedDecodingContainer {
    let decoder: StateDecoder
    let path: String
    let count: Int?
    var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var isAtEnd: Bool { currentIndex >= count ?? 0 }

    init(_ decoder: StateDecoder, _ path: String) throws {
      self.decoder = decoder
      self.path = path
      guard let count = Int(exactly: try decoder.int(StateKey.count(path))), count >= 0 else {
        throw decoder.damaged(path)
      }
      self.count = count
    }

    private var key: String { StateKey.join(path, String(currentIndex)) }

    private mutating func next() throws -> String {
      guard !isAtEnd else { throw decoder.damaged(key) }
      defer { currentIndex += 1 }
      return key
    }

    mutating func decodeNil() -> Bool {
      guard decoder.isNil(key) else { return false }
      currentIndex += 1
      return true
    }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.decode(type, at: next()) }
    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
      KeyedDecodingContainer(Keyed<Nested>(decoder: decoder, path: try next()))
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      try Unkeyed(decoder, next())
    }
    mutating func superDecoder() throws -> any Decoder {
      StateDecoder(table: decoder.table, path: try next())
    }
  }

  private struct Single: SingleValueDecodingContainer {
    let decoder: StateDecoder
    let path: String
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { decoder.isNil(StateKey.named(path)) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T {
      try decoder.decode(type, at: StateKey.named(path))
    }
  }
}
