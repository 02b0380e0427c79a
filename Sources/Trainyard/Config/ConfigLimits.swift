/// How much of somebody's text is read before it is refused.
public struct ConfigLimits: Sendable {
  /// Of the text.
  public var bytes: Int
  /// Maps, lists and scalars together, each alias counted with all that it stands for.
  public var values: Int
  /// Maps and lists inside each other.
  public var depth: Int

  public init(bytes: Int = 4 << 20, values: Int = 100_000, depth: Int = 64) {
    self.bytes = bytes
    self.values = values
    self.depth = depth
  }

  /// Problems that are collected before reading ends.
  static let problems = 50
}
