import PluginKit

/// How the outputs of a regression become metrics, in scikit-learn's words.
public enum Multioutput: String, OptionChoice {
  /// The mean over outputs.
  case uniformAverage = "uniform_average"
  /// A metric for each output.
  case rawValues = "raw_values"
}

/// A weighted mean for each output of a regression.
public struct OutputMeans: Codable, Equatable, Sendable {
  public private(set) var task = MeasuredTask()
  private var sums = CompensatedSums()
  private var weight = CompensatedSum()

  public init() {}

  /// Keeps what a loaded checkpoint has accumulated for the same task.
  public mutating func prepare(_ task: MeasuredTask) {
    if self.task != task || !sums.fits(task.width) {
      self = OutputMeans()
      sums = CompensatedSums(count: task.width)
    }
    self.task = task
  }

  public mutating func clear() {
    sums = CompensatedSums(count: task.width)
    weight = CompensatedSum()
  }

  /// Adds `loss(target, prediction)` of every output of every row.
  @inline(__always)
  public mutating func add(_ examples: Examples, _ loss: (_ target: Double, _ prediction: Double) -> Double)
    throws
  {
    guard sums.fits(examples.width) else { throw damagedState }
    for row in 0..<examples.rows {
      let weight = examples.weight(row)
      self.weight.add(weight)
      let start = row * examples.width
      for output in 0..<examples.width {
        let value = loss(examples.targets[start + output], examples.predictions[start + output])
        sums.add(value * weight, at: output)
      }
    }
  }

  public mutating func merge(_ other: OutputMeans) throws {
    guard other.task == task, other.sums.fits(sums.count) else { throw otherTask }
    sums.add(other.sums)
    weight.add(other.weight)
  }

  /// A value for each metric: `transform` of the mean of each output, then averaged or not.
  public func values(_ multioutput: Multioutput, _ transform: (Double) -> Double = { $0 }) -> [Double?] {
    let total = weight.value
    guard total != 0 else { return [] }
    let means = sums.values.map { transform($0 / total) }
    return multioutput == .rawValues ? means : [mean(means)]
  }
}

/// The plain mean; `nil` of nothing.
func mean(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  var sum = CompensatedSum()
  for value in values { sum.add(value) }
  return sum.value / Double(values.count)
}

/// The mean with weights; the plain mean where all weights are 0.
func mean(_ values: [Double], weights: [Double]) -> Double? {
  var sum = CompensatedSum()
  var total = CompensatedSum()
  for (value, weight) in zip(values, weights) {
    sum.add(value * weight)
    total.add(weight)
  }
  return total.value == 0 ? mean(values) : sum.value / total.value
}

/// Whether so many rows can have been counted: a number of a damaged checkpoint may be anything.
func isRowCount(_ rows: Int) -> Bool { (0..<(1 << 53)).contains(rows) }

var damagedState: PluginError {
  PluginError(
    "the saved state of this monitor is damaged or belongs to another task",
    help: "start the run anew, without the checkpoint")
}

var otherTask: PluginError { PluginError("cannot merge what was measured for another task") }
