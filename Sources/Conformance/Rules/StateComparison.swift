import PluginHost

/// Compares what instances save, key by key.
enum StateComparison {
  /// A line for each key that differs: "'best' is 0.1 after reset, and 1e+308 in a new instance".
  static func differences(
    _ state: SavedState, _ place: String, _ expected: SavedState, _ expectedPlace: String,
    measured: Set<String> = []
  ) -> [String] {
    Set(state.keys).union(expected.keys).sorted().compactMap { key in
      guard !measured.contains("state \(key)"), !measured.contains("-state \(key)") else { return nil }
      switch (state[key], expected[key]) {
      case (let own?, let other?):
        return own.isIdentical(to: other)
          ? nil : "'\(key)' is \(own.text) \(place), and \(other.text) \(expectedPlace)"
      case (let own?, nil): return "'\(key)' is \(own.text) \(place), and not there \(expectedPlace)"
      case (nil, let other?): return "'\(key)' is not there \(place), and \(other.text) \(expectedPlace)"
      case (nil, nil): return nil
      }
    }
  }
}

extension StateValue {
  /// For people.
  var text: String {
    switch self {
    case .int(let value): return "\(value)"
    case .float(let value): return ScriptedHost.text(value)
    case .bytes(let bytes):
      let isText = bytes.count <= 60 && bytes.allSatisfy { 32..<127 ~= $0 }
      return isText ? "'" + String(decoding: bytes, as: UTF8.self) + "'" : "\(bytes.count) bytes"
    case .tensor(let code, let bits, let shape, let bytes):
      let type =
        (["i", "u", "f"].indices.contains(Int(code)) ? ["i", "u", "f"][Int(code)] : "?") + "\(bits)"
      let hash = bytes.reduce(0 as UInt32) { $0 &* 31 &+ UInt32($1) }
      return "a tensor of \(type) \(shape) (\(String(hash, radix: 16)))"
    }
  }

  /// Equal bit by bit: NaN is NaN, and −0 is not 0.
  func isIdentical(to other: StateValue) -> Bool {
    if case .float(let own) = self, case .float(let other) = other {
      return own.bitPattern == other.bitPattern
    }
    return self == other
  }
}
