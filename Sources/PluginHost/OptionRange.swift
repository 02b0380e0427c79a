/// An interval of numbers, as option rows write it: `[0, 1)`, `(0, )`, `( , 100]`. A missing end is open.
public struct OptionRange: Sendable, Equatable {
  public var lower: Double?
  public var upper: Double?
  public var includesLower: Bool
  public var includesUpper: Bool

  /// `nil` for a text that is no interval.
  public init?(_ text: String) {
    let trimmed = text.drop { $0 == " " }
    guard let first = trimmed.first, let last = trimmed.last, trimmed.count >= 3, "[(".contains(first),
      "])".contains(last)
    else { return nil }
    let ends = trimmed.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
    guard ends.count == 2, let lower = Self.end(ends[0]), let upper = Self.end(ends[1]) else { return nil }
    self.lower = lower.value
    self.upper = upper.value
    includesLower = first == "["
    includesUpper = last == "]"
    if let lower = lower.value, let upper = upper.value, lower > upper { return nil }
  }

  /// NaN lies in no interval.
  public func contains(_ value: Double) -> Bool {
    if value.isNaN { return false }
    if let lower, value < lower || (value == lower && !includesLower) { return false }
    if let upper, value > upper || (value == upper && !includesUpper) { return false }
    return true
  }

  private static func end(_ text: Substring) -> (value: Double?, Void)? {
    let trimmed = text.filter { $0 != " " }
    if trimmed.isEmpty { return (nil, ()) }
    guard let value = Double(trimmed), value.isFinite else { return nil }
    return (value, ())
  }
}
