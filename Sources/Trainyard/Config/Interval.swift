/// A range of numbers as an option declares it: `[0, 1)`, `(0, )`, `[1, 65536]`.
///
/// A square bracket includes its end, a round one does not; an end that is left out is not there.
public struct Interval: Hashable, Sendable, CustomStringConvertible {
  public struct Bound: Hashable, Sendable {
    public var value: Double
    public var isIncluded: Bool
  }

  public var lower: Bound?
  public var upper: Bound?

  /// `nil` for a text that is no interval or has nothing inside.
  public init?(_ text: String) {
    let text = text.filter { $0 != " " }
    guard let opening = text.first, let closing = text.last, text.count >= 3, "[(".contains(opening),
      "])".contains(closing)
    else { return nil }
    let ends = text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
    guard ends.count == 2 else { return nil }
    guard let low = Self.end(ends[0], missing: -.infinity), let high = Self.end(ends[1], missing: .infinity)
    else { return nil }
    if low > high || low == high && (opening == "(" || closing == ")") { return nil }
    lower = low.isInfinite ? nil : Bound(value: low, isIncluded: opening == "[")
    upper = high.isInfinite ? nil : Bound(value: high, isIncluded: closing == "]")
  }

  private static func end(_ text: Substring, missing: Double) -> Double? {
    if text.isEmpty { return missing }
    guard YAMLScalar.isNumber(text), let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// NaN is in no interval.
  public func contains(_ value: Double) -> Bool {
    if value.isNaN { return false }
    if let lower, lower.isIncluded ? value < lower.value : value <= lower.value { return false }
    if let upper, upper.isIncluded ? value > upper.value : value >= upper.value { return false }
    return true
  }

  /// `at least 0 and below 1`.
  public var description: String {
    let low = lower.map { "\($0.isIncluded ? "at least" : "above") \(Self.text($0.value))" }
    let high = upper.map { "\($0.isIncluded ? "at most" : "below") \(Self.text($0.value))" }
    return [low, high].compactMap { $0 }.joined(separator: " and ").orElse("any number")
  }

  private static func text(_ value: Double) -> String {
    Int64(exactly: value).map(String.init) ?? "\(value)"
  }
}
