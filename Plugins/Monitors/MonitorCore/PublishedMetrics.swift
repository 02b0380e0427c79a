import PluginKit

/// The metrics that a monitor publishes under its instance's name: one value, or one for each class or output.
///
/// An instance `top5` of `top-k-accuracy` publishes `top5`; one without a name of its own `top_k_accuracy`.
public struct PublishedMetrics {
  private var metrics: [Metric] = []

  public init() {}

  /// One value. In `create`.
  public mutating func declare(_ host: Host, _ direction: Direction) {
    metrics = [host.declare(Self.baseName(host), direction)]
  }

  /// `precision_cat`, `precision_dog`, … In `prepare`, since names come with the task.
  public mutating func declare(_ host: Host, _ direction: Direction, parts: [String]) {
    let base = Self.baseName(host)
    metrics = Self.suffixes(parts).map { host.declare("\(base)_\($0)", direction) }
  }

  /// One value for each metric; `nil` is not defined and not published.
  public func publish(_ host: Host, _ values: [Double?]) {
    for (metric, value) in zip(metrics, values) {
      if let value { host.publish(metric, value) }
    }
  }

  public func publish(_ host: Host, _ value: Double?) { publish(host, [value]) }

  public static func baseName(_ host: Host) -> String {
    String(host.instanceName.map { $0 == "-" ? "_" : $0 })
  }

  /// Names as they may stand in a metric's name; numbers when two names would be the same.
  static func suffixes(_ names: [String]) -> [String] {
    let safe = names.map { name in
      String(name.map { $0.isLetter || $0.isNumber || "_.-".contains($0) ? $0 : "_" })
    }
    let areUsable = Set(safe).count == safe.count && !safe.contains("")
    return areUsable ? safe : names.indices.map { String($0) }
  }
}
