/// One saved value, between a `Codable` struct and the host's sink and source.
enum StateValue: Equatable {
  case int(Int64)
  case float(Double)
  case bytes([UInt8])
  case doubles([Double])
  case floats([Float])
  case ints([Int64])
}

/// The keys of a value: `outer.inner`, `list.0`. `list.count` holds an array's length, and `key?` says that an
/// optional is `nil`, which differs from a missing key.
typealias StateTable = [String: StateValue]

enum StateKey {
  static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : path + "." + key }
  static func count(_ path: String) -> String { join(path, "count") }
  /// The key of a value that is a single one as a whole, and so has no name of its own.
  static func named(_ path: String) -> String { path.isEmpty ? "value" : path }
  static func isNil(_ path: String) -> String { path + "?" }

  /// What counts epochs, steps or bytes is far from the ends of its type, so that counting on does not overflow
  /// whatever a damaged checkpoint says.
  static func isTooLarge(_ value: some FixedWidthInteger) -> Bool {
    guard let value = Int64(exactly: value) else { return true }
    return value > 1 << 62 || value < -(1 << 62)
  }
}

extension StateSink {
  func put(_ table: StateTable) {
    for (key, value) in table.sorted(by: { $0.key < $1.key }) {
      switch value {
      case .int(let value): put(key, Int(value))
      case .float(let value): put(key, value)
      case .bytes(let bytes): put(key, bytes: bytes)
      case .doubles(let values): put(key, values, .float64)
      case .floats(let values): put(key, values, .float32)
      case .ints(let values): put(key, values, .int64)
      }
    }
  }

  private func put<T>(_ key: String, _ values: [T], _ type: ElementType) {
    var values = values
    values.withUnsafeMutableBytes { memory in
      // An empty array has no memory; a tensor of no elements still needs an address.
      withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { spare in
        guard let base = memory.baseAddress ?? spare.baseAddress else { return }
        put(key, TensorView(base, type, shape: [memory.count / MemoryLayout<T>.stride]))
      }
    }
  }
}

extension StateSource {
  /// The value of a key as the type of `sample`; `nil` where the key is missing.
  func value(_ key: String, like sample: StateValue) throws -> StateValue? {
    switch sample {
    case .int: try int(key).map { .int(Int64($0)) }
    case .float: try double(key).map { .float($0) }
    case .bytes: try bytes(key).map { .bytes($0) }
    case .doubles: try array(key, .float64) { .doubles(Array($0.doubles)) }
    case .floats: try array(key, .float32) { .floats(Array($0.floats)) }
    case .ints: try array(key, .int64) { .ints(Array($0.int64s)) }
    }
  }

  /// The value of a key, whatever its type is.
  func anyValue(_ key: String) throws -> StateValue? {
    if let value = try? int(key) { return .int(Int64(value)) }
    if let value = try? double(key) { return .float(value) }
    if let value = try? bytes(key) { return .bytes(value) }
    guard let view = try tensor(key) else { return nil }
    switch view.type {
    case .float64: return .doubles(Array(view.doubles))
    case .float32: return .floats(Array(view.floats))
    case .int64: return .ints(Array(view.int64s))
    default: throw PluginError("the saved state is damaged: '\(key)' holds a tensor of \(view.type)")
    }
  }

  private func array(
    _ key: String, _ type: ElementType, _ make: (TensorView) -> StateValue
  ) throws -> StateValue? {
    guard let view = try tensor(key) else { return nil }
    guard view.type == type else {
      throw PluginError("the saved state is damaged: '\(key)' should hold \(type)")
    }
    return make(view)
  }
}
