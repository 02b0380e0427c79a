/// An interval of numbers, as option rows write it: `[0, 1)`, `(0, )`, `(, 100]`, `[0, inf]`.
///
/// A square bracket includes its end, a round one does not; an end that is left out is not there. Infinity is in an
/// interval only where it is written as an end that is included, NaN in none.
public struct OptionRange: Hashable, Sendable, CustomStringConvertible {
  /// `nil`: there is none.
  public var lower: Double?
  public var upper: Double?
  public var includesLower: Bool
  public var includesUpper: Bool

  /// What a float is in whose row has no range.
  public static let finite = OptionRange(lower: nil, upper: nil)

  private init(lower: Double?, upper: Double?) {
    (self.lower, self.upper) = (lower, upper)
    (includesLower, includesUpper) = (false, false)
  }

  /// `nil` for a text that is no interval or has nothing inside.
  public init?(_ text: String) {
    let text = text.filter { $0 != " " }
    guard let first = text.first, let last = text.last, text.count >= 3, "[(".contains(first),
      "])".contains(last)
    else { return nil }
    let ends = text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
    guard ends.count == 2, let lower = Self.end(ends[0], "-inf", first == "["),
      let upper = Self.end(ends[1], "inf", last == "]")
    else { return nil }
    self.lower = lower.value
    self.upper = upper.value
    includesLower = first == "["
    includesUpper = last == "]"
    guard let low = self.lower, let high = self.upper else { return }
    if low > high || low == high && !(includesLower && includesUpper) { return nil }
  }

  public func contains(_ value: Double) -> Bool {
    if value.isNaN { return false }
    if value.isInfinite {
      return value < 0 ? value == lower && includesLower : value == upper && includesUpper
    }
    if let lower, value < lower || (value == lower && !includesLower) { return false }
    if let upper, value > upper || (value == upper && !includesUpper) { return false }
    return true
  }

  /// A duration without an end, as `inf` is one, lies in what has no end.
  public func containsDuration(_ seconds: Double) -> Bool {
    contains(seconds) || (seconds == .infinity && upper == nil)
  }

  /// `at least 0 and below 1`.
  public var description: String {
    let low = finiteLower.map { "\(includesLower ? "at least" : "above") \(Self.text($0))" }
    let high = finiteUpper.map { "\(includesUpper ? "at most" : "below") \(Self.text($0))" }
    let words = [low, high].compactMap { $0 }
    return (words.isEmpty ? "any number" : words.joined(separator: " and "))
      + (contains(.infinity) || contains(-.infinity) ? ", also infinite" : "")
  }

  public var finiteLower: Double? { lower.flatMap { $0.isFinite ? $0 : nil } }
  public var finiteUpper: Double? { upper.flatMap { $0.isFinite ? $0 : nil } }

  private static func text(_ value: Double) -> String {
    Int64(exactly: value).map(String.init) ?? "\(value)"
  }

  private static func end(_ text: Substring, _ infinity: String, _ isIncluded: Bool) -> (
    value: Double?, Void
  )? {
    if text.isEmpty { return (nil, ()) }
    if text == infinity, isIncluded { return (Double(text), ()) }
    guard text.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) }), let value = Double(text),
      value.isFinite
    else { return nil }
    return (value, ())
  }
}
