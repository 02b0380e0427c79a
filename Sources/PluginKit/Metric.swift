import CTrainyard

/// A metric as this host numbers it. The id outlives runs; the direction does not: ask for it in each run.
public struct Metric: Sendable, Equatable {
  public let name: String
  public let id: UInt32

  /// Stands for no metric: no event carries it.
  public static let none = Metric(name: "", id: .max)

  public init(name: String, id: UInt32) {
    self.name = name
    self.id = id
  }
}

/// Which way a metric improves.
public enum Direction: UInt32, Sendable {
  case none, min, max
}

/// When a metric is there.
public struct Phase: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public static let batch = Phase(rawValue: 0x1)
  public static let epoch = Phase(rawValue: 0x2)
}

/// The metrics of one event. A value is there or not; NaN is a value.
public struct Logs {
  let event: UnsafePointer<ty_event>

  @inlinable public subscript(metric: Metric) -> Double? { self[metric.id] }

  public subscript(id: UInt32) -> Double? {
    ty_event_has(event, id) != 0 ? event.pointee.values[Int(id)] : nil
  }

  /// The ids that are there, ascending.
  public var ids: [UInt32] {
    (0..<event.pointee.metric_count).filter { ty_event_has(event, $0) != 0 }
  }
}
