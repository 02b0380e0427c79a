import PluginHost

/// What rules about kinds have in common: how they say that two things differ which should be equal.
enum KindVerdict {
  /// `nil` where both show the same.
  /// - Parameter fault: The sentence that names what is wrong.
  static func comparing(
    _ found: Observations, _ expected: Observations, tolerance: Double = 0, _ fault: String
  ) -> Verdict? {
    found.difference(from: expected, tolerance: tolerance).map {
      .failed(fault + ": " + ($0.first ?? ""), detail: Array($0.dropFirst()))
    }
  }

  /// `nil` where both states are the same.
  static func comparing(_ found: SavedState, _ expected: SavedState, _ fault: String) -> Verdict? {
    let lines = StateComparison.differences(found, "now", expected, "as it should be")
    return lines.first.map { .failed(fault + ": " + $0, detail: Array(lines.dropFirst())) }
  }
}

/// What a state can look like that no plugin has saved: for rules about loading.
enum DamagedState {
  /// The state with something wrong, and what that is.
  static func variants(of state: SavedState) -> [(what: String, state: SavedState)] {
    var variants: [(String, SavedState)] = []
    for key in state.keys.sorted() {
      guard let value = state[key] else { continue }
      var missing = state
      missing[key] = nil
      variants.append(("'\(key)' missing", missing))
      for (what, other) in replacements(of: value) {
        var wrong = state
        wrong[key] = other
        variants.append(("'\(key)' \(what)", wrong))
      }
    }
    var unknown = state
    unknown["a key of a later version"] = .int(1)
    variants.append(("a key that it does not know", unknown))
    return variants
  }

  private static func replacements(of value: StateValue) -> [(String, StateValue)] {
    switch value {
    case .int:
      [
        ("a number beyond reason", .int(.max)), ("negative", .int(.min)),
        ("bytes in place of a number", .bytes([1, 2, 3])),
      ]
    case .float:
      [("NaN", .float(.nan)), ("infinite", .float(-.infinity)), ("bytes in place of a number", .bytes([]))]
    case .bytes(let bytes):
      [
        ("empty", .bytes([])), ("cut short", .bytes(Array(bytes.prefix(bytes.count / 2)))),
        ("full of noise", .bytes(bytes.map { $0 ^ 0x5A })), ("a number in place of bytes", .int(3)),
      ]
    case .tensor(let code, let bits, let shape, _):
      [
        ("of another shape", .tensor(dtypeCode: code, dtypeBits: bits, shape: [0], bytes: [])),
        ("of a larger shape", larger(code, bits, shape)),
        ("of another type", .tensor(dtypeCode: 1, dtypeBits: 8, shape: [3], bytes: [1, 2, 3])),
        ("a number in place of a tensor", .float(1)),
      ]
    }
  }

  private static func larger(_ code: UInt8, _ bits: UInt8, _ shape: [Int64]) -> StateValue {
    // No plugin's shape may end the checker: one that is absurd, or empty in one direction, is made anew.
    let isUsual = shape.allSatisfy { 1...(1 << 20) ~= $0 } && shape.count <= 8
    let elements = shape.reduce(1.0) { $0 * Double($1) }
    let shape = shape.isEmpty || !isUsual || elements > 0x1p24 ? [2] : [shape[0] + 1] + shape.dropFirst()
    let count = Int(shape.reduce(1, *)) * Int(bits) / 8
    return .tensor(dtypeCode: code, dtypeBits: bits, shape: shape, bytes: Array(repeating: 1, count: count))
  }
}
