import PluginKit

/// When a value counts as better than another one: it must move by more than `minimumDelta`.
public struct Improvement {
  public var direction: Direction
  /// Below zero, as only Lightning's rules allow, a slightly worse value counts as well.
  public var minimumDelta: Double

  /// The sign of the delta is dropped, as in Keras.
  public init(_ direction: Direction, minimumDelta: Double = 0) {
    self.init(direction, signedDelta: abs(minimumDelta))
  }

  /// The delta keeps its sign, as in Lightning.
  public init(_ direction: Direction, signedDelta: Double) {
    self.direction = direction
    minimumDelta = signedDelta
  }

  /// Whether `value` is better than `reference`. Anything is better than nothing, except NaN, which never is.
  public func improves(_ value: Double, on reference: Double?) -> Bool {
    if value.isNaN { return false }
    guard let reference else { return true }
    // In this algebraic form: moving the delta to the other side rounds differently.
    return direction == .max ? value - minimumDelta > reference : value + minimumDelta < reference
  }

  /// Whether `value` is better than `threshold`, by however little.
  public static func isBetter(_ value: Double, than threshold: Double, _ direction: Direction) -> Bool {
    direction == .max ? value > threshold : value < threshold
  }
}

extension Direction {
  /// The infinity that every number improves on.
  public var worst: Double { self == .max ? -.infinity : .infinity }
}
