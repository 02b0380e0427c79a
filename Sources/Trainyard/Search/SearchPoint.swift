/// What the parameters of a search are in one trial. A parameter whose conditions do not hold has no value.
public struct SearchPoint: Sendable, Equatable {
  public enum Value: Hashable, Sendable {
    /// Of a range.
    case number(Double)
    /// The index of a choice.
    case choice(Int)
  }

  /// In the order of the space's parameters.
  public var values: [Value?]

  public init(_ values: [Value?]) { self.values = values }
}
