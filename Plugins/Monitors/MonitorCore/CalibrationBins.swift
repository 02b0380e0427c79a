import PluginKit

/// Confidence and correctness in bins of equal width from 0 to 1, as scikit-learn's `calibration_curve` cuts them:
/// a bin holds its upper edge, the first also 0.
public struct CalibrationBins: Codable, Equatable, Sendable {
  public private(set) var task = MeasuredTask()
  private var weights: CompensatedSums
  private var confidences: CompensatedSums
  private var correct: CompensatedSums
  /// Rows whose prediction is NaN.
  private var unordered = 0

  public init(bins: Int) {
    weights = CompensatedSums(count: bins)
    confidences = CompensatedSums(count: bins)
    correct = CompensatedSums(count: bins)
  }

  /// Keeps what a loaded checkpoint has accumulated for the same task and as many bins.
  public mutating func prepare(_ task: MeasuredTask, bins: Int) {
    if self.task != task || !isSound(bins) { self = CalibrationBins(bins: bins) }
    self.task = task
  }

  public mutating func clear() {
    let task = self.task
    self = CalibrationBins(bins: weights.count)
    self.task = task
  }

  /// Binary: the probability of class 1, and whether the target is 1. Classes: the largest probability, and whether
  /// its class is the target.
  public mutating func add(_ examples: Examples) throws {
    guard weights.count > 0, isSound(weights.count) else { throw damagedState }
    for row in 0..<examples.rows {
      let predicted = examples.predictedClass(row, threshold: 0)
      guard predicted >= 0 else {
        unordered += 1
        continue
      }
      let isBinary = examples.width == 1
      let confidence = examples.predictions[row * examples.width + (isBinary ? 0 : predicted)]
      let target = examples.trueClass(row)
      let isCorrect = isBinary ? target == 1 : target == predicted
      let weight = examples.weight(row)
      let bin = self.bin(confidence)
      weights.add(weight, at: bin)
      confidences.add(weight * confidence, at: bin)
      if isCorrect { correct.add(weight, at: bin) }
    }
  }

  public mutating func merge(_ other: CalibrationBins) throws {
    guard other.task == task, other.isSound(weights.count) else { throw otherTask }
    weights.add(other.weights)
    confidences.add(other.confidences)
    correct.add(other.correct)
    unordered += other.unordered
  }

  /// The gap between confidence and correctness of each bin that holds something, with its share of the weight.
  /// `nil` without rows.
  public var gaps: [(gap: Double, share: Double)]? {
    if unordered > 0 { return [(.nan, 1)] }
    let total = weights.total
    guard total != 0 else { return nil }
    return (0..<weights.count).filter { weights[$0] != 0 }.map { bin in
      (abs(correct[bin] - confidences[bin]) / weights[bin], weights[bin] / total)
    }
  }

  /// The number of inner edges below the value. A value outside 0 to 1 is in the first or last bin.
  private func bin(_ value: Double) -> Int {
    let step = 1 / Double(weights.count)
    // Near the right place by division, then exact: edges are multiples of a rounded step.
    var bin = Int((value / step).clamped(to: 0...Double(weights.count - 1)))
    while bin > 0, Double(bin) * step >= value { bin -= 1 }
    while bin < weights.count - 1, Double(bin + 1) * step < value { bin += 1 }
    return bin
  }

  private func isSound(_ bins: Int) -> Bool {
    weights.fits(bins) && confidences.fits(bins) && correct.fits(bins)
  }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
