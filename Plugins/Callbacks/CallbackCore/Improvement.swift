import PluginKit

/// When a value counts as better than another one: it must move by more than `minimumDelta`.
public struct Improvement {
  public var direction: Direction
  /// Zero or more.
  public var minimumDelta: Double

  /// The sign of the delta is dropped, as in Keras.
  public init(_ direction: Direction, minimumDelta: Double = 0) {
    self.direction = direction
    self.minimumDelta = abs(minimumDelta)
  }

  /// Whether `value` is better than `reference`. Anything is better than nothing, except NaN, which never is.
  public func improves(_ value: Double, on reference: Double?) -> Bool {
    if value.isNaN { return false }
    guard let reference else { return true }
    // In this algebraic form: moving the delta to the other side rounds differently.
    return direction == .max ? value - minimumDelta > reference : value + minimumDelta < reference
  }
}
