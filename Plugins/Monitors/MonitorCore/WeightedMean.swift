import PluginKit

/// The mean of a value of each row, weighted where rows have weights. Row by row into running sums, so that any
/// split into batches gives the same bits.
public struct WeightedMean: Codable, Equatable, Sendable {
  @usableFromInline var sum = CompensatedSum()
  @usableFromInline var weight = CompensatedSum()

  public init() {}

  /// `nil` without rows, or where all weights are 0.
  public var value: Double? {
    let total = weight.value
    return total == 0 ? nil : sum.value / total
  }

  @inlinable @inline(__always) public mutating func add(_ value: Double, weight: Double) {
    sum.add(value * weight)
    self.weight.add(weight)
  }

  /// Adds what `value` gives for each row.
  @inlinable public mutating func add(_ examples: Examples, _ value: (Int) -> Double) {
    var mean = self
    for row in 0..<examples.rows { mean.add(value(row), weight: examples.weight(row)) }
    self = mean
  }

  public mutating func merge(_ other: WeightedMean) {
    sum.add(other.sum)
    weight.add(other.weight)
  }
}

/// A task and one weighted mean: all that a run can change in a monitor that averages a value of each row.
public struct RowMean: Codable, Equatable, Sendable {
  public private(set) var task = MeasuredTask()
  public var mean = WeightedMean()

  public init() {}

  public mutating func prepare(_ task: MeasuredTask) { self.task = task }

  public mutating func clear() { mean = WeightedMean() }
}
