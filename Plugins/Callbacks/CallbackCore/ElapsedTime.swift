import PluginKit

/// Time that a run has taken, over all the processes that it was resumed in. What is saved is the sum; where the
/// clock stood belongs to one process and is not.
public struct ElapsedTime: Codable {
  public private(set) var nanoseconds: Int64 = 0
  private var lastSeen: Int64?

  private enum CodingKeys: String, CodingKey { case nanoseconds }

  public init() {}

  public var seconds: Double { Double(nanoseconds) / 1e9 }

  /// The clock goes on from here: a run has begun or was resumed.
  public mutating func resume(_ clock: Clock?) { lastSeen = clock?.monotonic }

  /// Adds what has passed since the last look.
  public mutating func update(_ clock: Clock?) {
    guard let now = clock?.monotonic else { return }
    nanoseconds &+= max(0, now &- (lastSeen ?? now))
    lastSeen = now
  }

  /// Starts again from zero, where the clock stands.
  public mutating func restart() { nanoseconds = 0 }
}
