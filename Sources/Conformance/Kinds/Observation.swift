/// Something that was seen of an instance: "the loss of step 3", 0.25.
struct Observation {
  var what: String
  var values: [Double]

  init(_ what: String, _ values: [Double]) {
    self.what = what
    self.values = values
  }

  /// Whether both show the same, NaN being NaN, to a relative `tolerance` (0: bit for bit).
  func agrees(with other: Observation, tolerance: Double) -> Bool {
    what == other.what && values.count == other.values.count
      && zip(values, other.values).allSatisfy { Self.isSame($0, $1, tolerance) }
  }

  static func isSame(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    if a == b || (a.isNaN && b.isNaN) { return true }
    guard tolerance > 0, a.isFinite, b.isFinite else { return false }
    return (a - b).magnitude <= tolerance * max(1, a.magnitude, b.magnitude)
  }
}

/// What was seen of an instance, in order.
struct Observations {
  var list: [Observation] = []

  mutating func add(_ what: String, _ values: [Double]) { list.append(Observation(what, values)) }

  /// Where two lists differ first, a line each for what was expected and found; `nil`: nowhere.
  func difference(from expected: Observations, tolerance: Double = 0) -> [String]? {
    for (found, wanted) in zip(list, expected.list) where !found.agrees(with: wanted, tolerance: tolerance) {
      guard found.what == wanted.what else {
        return ["expected \(wanted.what)", "found \(found.what)"]
      }
      return Self.lines(found, wanted, tolerance)
    }
    guard list.count != expected.list.count else { return nil }
    if let missing = expected.list.dropFirst(list.count).first { return ["\(missing.what) is missing"] }
    return list.dropFirst(expected.list.count).first.map { ["there is \($0.what), and should not be"] }
  }

  private static func lines(_ found: Observation, _ wanted: Observation, _ tolerance: Double) -> [String] {
    let index = zip(found.values, wanted.values).enumerated().first {
      !Observation.isSame($0.element.0, $0.element.1, tolerance)
    }?.offset
    guard let index, found.values.count == wanted.values.count else {
      return [
        "\(found.what) has \(found.values.count) numbers, and \(wanted.values.count) were expected"
      ]
    }
    let place = found.values.count > 1 ? "number \(index + 1) of " : ""
    return [
      "\(place)\(found.what) is \(text(found.values[index])), and \(text(wanted.values[index])) was expected"
    ]
  }

  private static func text(_ value: Double) -> String { value.isNaN ? "NaN" : "\(value)" }
}
