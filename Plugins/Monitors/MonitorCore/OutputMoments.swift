import PluginKit

/// How the outputs of a regression become metrics, where variances can weigh them.
public enum VarianceMultioutput: String, OptionChoice {
  case uniformAverage = "uniform_average"
  case rawValues = "raw_values"
  /// The mean over outputs, weighted by the variance of each target.
  case varianceWeighted = "variance_weighted"
}

/// First and second moments of targets and residuals for each output of a regression.
///
/// Squares are summed in twice the precision of a Double, so that targets far from 0 keep their variance.
public struct OutputMoments: Codable, Equatable, Sendable {
  public private(set) var task = MeasuredTask()
  private var rows = 0
  private var weight = CompensatedSum()
  private var targets = Moments()
  private var residuals = Moments()

  public init() {}

  /// Keeps what a loaded checkpoint has accumulated for the same task.
  public mutating func prepare(_ task: MeasuredTask) {
    if self.task != task || !isSound(task.width) {
      self = OutputMoments()
      targets = Moments(count: task.width)
      residuals = targets
    }
    self.task = task
  }

  public mutating func clear() {
    let task = self.task
    self = OutputMoments()
    prepare(task)
  }

  public mutating func add(_ examples: Examples) throws {
    guard isSound(examples.width) else { throw damagedState }
    for row in 0..<examples.rows {
      let weight = examples.weight(row)
      self.weight.add(weight)
      let start = row * examples.width
      for output in 0..<examples.width {
        let target = examples.targets[start + output]
        targets.add(target, weight, output)
        residuals.add(target - examples.predictions[start + output], weight, output)
      }
    }
    rows += examples.rows
  }

  public mutating func merge(_ other: OutputMoments) throws {
    guard other.task == task, other.isSound(targets.count) else { throw otherTask }
    rows += other.rows
    weight.add(other.weight)
    targets.merge(other.targets)
    residuals.merge(other.residuals)
  }

  /// 1 − Σw(y−ŷ)² / Σw(y−ȳ)². Not defined for fewer than two rows.
  public func r2(_ multioutput: VarianceMultioutput) -> [Double?] {
    guard rows >= 2 else { return [] }
    return explained(multioutput) { residuals.squares($0) }
  }

  /// 1 − Var(y−ŷ) / Var(y).
  public func explainedVariance(_ multioutput: VarianceMultioutput) -> [Double?] {
    explained(multioutput) { residuals.deviation($0, weight) }
  }

  private func explained(_ multioutput: VarianceMultioutput, _ unexplained: (Int) -> Double) -> [Double?] {
    guard weight.value != 0 else { return [] }
    let outputs = 0..<targets.count
    let variances = outputs.map { targets.deviation($0, weight) }
    let scores = outputs.map { output in
      let rest = unexplained(output)
      // A constant target: right is 1, anything else 0, as scikit-learn has it with force_finite.
      if variances[output] == 0 { return rest == 0 ? 1.0 : rest.isNaN ? rest : 0.0 }
      return 1 - rest / variances[output]
    }
    switch multioutput {
    case .rawValues: return scores
    case .uniformAverage: return [mean(scores)]
    case .varianceWeighted: return [mean(scores, weights: variances)]
    }
  }

  private func isSound(_ width: Int) -> Bool {
    targets.fits(width) && residuals.fits(width) && isRowCount(rows)
  }

  /// Of one quantity in each output.
  private struct Moments: Codable, Equatable, Sendable {
    var first: CompensatedSums
    var second: CompensatedSums
    // The range tells a constant from what rounding makes of one.
    var lowest: [Double]
    var highest: [Double]

    init(count: Int = 0) {
      first = CompensatedSums(count: count)
      second = first
      lowest = Array(repeating: .infinity, count: count)
      highest = Array(repeating: -.infinity, count: count)
    }

    var count: Int { lowest.count }

    func fits(_ width: Int) -> Bool {
      first.fits(width) && second.fits(width) && lowest.count == width && highest.count == width
    }

    @inline(__always) mutating func add(_ value: Double, _ weight: Double, _ output: Int) {
      let product = value * weight
      first.add(value, times: weight, at: output)
      second.add(product, times: value, at: output)
      let rest = (-product).addingProduct(value, weight) * value
      if rest != 0 { second.add(rest, at: output) }
      guard weight != 0 else { return }
      if value < lowest[output] { lowest[output] = value }
      if value > highest[output] { highest[output] = value }
    }

    mutating func merge(_ other: Moments) {
      first.add(other.first)
      second.add(other.second)
      for output in lowest.indices {
        lowest[output] = min(lowest[output], other.lowest[output])
        highest[output] = max(highest[output], other.highest[output])
      }
    }

    /// Σw·v².
    func squares(_ output: Int) -> Double { second[output] }

    /// Σw(v−v̄)², never below 0.
    func deviation(_ output: Int, _ weight: CompensatedSum) -> Double {
      if lowest[output] == highest[output], !second[output].isNaN { return 0 }
      let mean = first.precise(output)
      let square = second.precise(output) - mean * mean / DoubleDouble(weight)
      return square.value < 0 ? 0 : square.value
    }
  }
}
