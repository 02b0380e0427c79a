/// The metrics of one moment: a flat array of values by id, and a bitmap that says which are there. Made when the
/// set of metrics is frozen; setting and clearing allocate nothing.
public final class Logs {
  public let capacity: Int
  public let values: UnsafeMutablePointer<Double>
  public let present: UnsafeMutablePointer<UInt64>
  private let words: Int

  public init(capacity: Int) {
    self.capacity = capacity
    words = (capacity + 63) / 64
    values = .allocate(capacity: max(1, capacity))
    values.initialize(repeating: 0, count: max(1, capacity))
    present = .allocate(capacity: max(1, words))
    present.initialize(repeating: 0, count: max(1, words))
  }

  deinit {
    values.deallocate()
    present.deallocate()
  }

  @inline(__always) public func clear() {
    for word in 0..<words { present[word] = 0 }
  }

  /// An id beyond the frozen set is dropped: it was declared too late.
  @inline(__always) public func set(_ id: Int, _ value: Double) {
    guard id >= 0, id < capacity else { return }
    values[id] = value
    present[id >> 6] |= 1 << UInt64(id & 63)
  }

  public func has(_ id: Int) -> Bool {
    id >= 0 && id < capacity && (present[id >> 6] >> UInt64(id & 63)) & 1 != 0
  }

  public subscript(id: Int) -> Double? { has(id) ? values[id] : nil }

  /// What is there, by id.
  public var entries: [(id: Int, value: Double)] {
    (0..<capacity).compactMap { has($0) ? ($0, values[$0]) : nil }
  }
}

/// A text or a list of numbers beside the metrics of an epoch: loggers write it, nobody watches it.
public struct Note: Equatable, Sendable {
  public enum Content: Equatable, Sendable {
    case text(String)
    case list([Double])
  }
  public var name: String
  public var content: Content

  public init(name: String, content: Content) {
    self.name = name
    self.content = content
  }
}
