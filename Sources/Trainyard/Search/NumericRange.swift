import Glibc

/// The numbers that a parameter of a search may take: an interval, on a scale, all of it or in steps.
///
/// Strategies work on a *line*: the values themselves, or their logarithms, in an interval in which each step has a
/// stretch of equal length. A point of the line is rounded to the nearest value that is allowed.
public struct NumericRange: Sendable, Equatable {
  /// The smallest value, allowed.
  public let low: Double
  /// The largest one, allowed: where there are steps, the last that is reached.
  public let high: Double
  /// The distance of two values; `nil`: every number is one.
  public let step: Double?
  public let isLog: Bool
  public let isInteger: Bool

  /// `low` is at most `high`; on a logarithmic scale above 0, and with steps of 1 or none.
  public init(low: Double, high: Double, step: Double? = nil, isLog: Bool = false, isInteger: Bool = false) {
    let step = isInteger ? step ?? 1 : step
    self.low = low
    self.high = step.map { low + Self.steps(from: low, to: high, by: $0) * $0 } ?? high
    self.step = step
    self.isLog = isLog
    self.isInteger = isInteger
  }

  /// How many values there are; `nil`: a continuum.
  public var count: Int? { step.map { Int(Self.steps(from: low, to: high, by: $0)) + 1 } }

  /// All values, from the smallest; `nil`: a continuum.
  public var values: [Double]? {
    count.map { count in (0..<count).map { value(at: Double($0)) } }
  }

  private static func steps(from low: Double, to high: Double, by step: Double) -> Double {
    // 0 to 0.3 in steps of 0.1 is three steps, though 0.3 / 0.1 is a little less.
    min((max(0, high - low) / step + 1e-9).rounded(.down), 0x1p52)
  }

  private func value(at index: Double) -> Double { low + index * (step ?? 0) }

  // MARK: The line

  /// The interval that strategies draw from.
  public var line: ClosedRange<Double> {
    if isLog { return log(isInteger ? low - 0.5 : low)...log(isInteger ? high + 0.5 : high) }
    let half = (step ?? 0) / 2
    return low - half...high + half
  }

  /// The length of a step on the line; `nil`: a continuum. Steps of logarithms have different lengths, and count as one.
  public var lineStep: Double? { isLog ? nil : step }

  /// Where a value lies.
  public func position(of value: Double) -> Double { isLog ? log(value) : value }

  /// The allowed value that is nearest to a point of the line.
  public func value(of position: Double) -> Double {
    let number = isLog ? exp(position) : position
    guard let step else { return min(max(number, low), high) }
    let last = Self.steps(from: low, to: high, by: step)
    return value(at: min(max(((number - low) / step).rounded(), 0), last))
  }
}
