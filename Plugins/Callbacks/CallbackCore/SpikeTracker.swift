/// Tells a jump of the loss from its usual ups and downs, as Lightning's SpikeDetection does: by the distance from
/// a running mean.
public struct SpikeTracker: Codable, Equatable {
  /// The latest values that were no spikes, oldest first; at most a window of them.
  public private(set) var recent: [Double] = []
  private var last = 0.0
  /// Batches seen so far.
  public private(set) var batches = 0

  public struct Settings {
    public var isMinimum = true
    public var window = 10
    public var warmup = 1
    public var absoluteTolerance: Double?
    public var relativeTolerance: Double? = 2
    /// Whether a value that is not finite is a spike.
    public var finiteOnly = true

    public init() {}
  }

  public init() {}

  /// The mean that a value is measured against; `nil` before the first one.
  public var mean: Double? { recent.isEmpty ? nil : recent.reduce(0, +) / Double(recent.count) }

  /// Takes in the value of a batch, and says whether it is a spike; a spike leaves the mean alone.
  public mutating func isSpike(_ value: Double, _ settings: Settings) -> Bool {
    defer { batches += 1 }
    if batches >= settings.warmup, exceeds(value, settings) { return true }
    guard value.isFinite else { return false }
    recent.append(value)
    if recent.count > settings.window { recent.removeFirst(recent.count - settings.window) }
    last = value
    return false
  }

  private func exceeds(_ value: Double, _ settings: Settings) -> Bool {
    guard value.isFinite else { return settings.finiteOnly }
    // A step in the right direction is none, however large.
    if settings.isMinimum ? value <= last : value >= last { return false }
    guard let mean else { return false }
    let distance = abs(value - mean)
    if let tolerance = settings.absoluteTolerance, distance < abs(tolerance) { return false }
    if let tolerance = settings.relativeTolerance, distance < abs(tolerance * mean) { return false }
    return true
  }
}
