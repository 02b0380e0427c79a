import PluginKit

/// How often each class was the target, was predicted, and was both, by weight: what precision, recall, F1 and the
/// correlation of Matthews are made of.
public struct ClassCounts: Codable, Equatable, Sendable {
  /// What was counted for one class.
  public struct Tally {
    /// Target and prediction.
    public var hits: Double
    /// Predictions.
    public var predicted: Double
    /// Targets.
    public var actual: Double
  }

  public private(set) var task = MeasuredTask()
  private var hits = CompensatedSums()
  private var predicted = CompensatedSums()
  private var actual = CompensatedSums()
  /// Rows whose prediction is NaN and names no class: wrong, whatever the target.
  private var unpredicted = CompensatedSum()
  private var total = CompensatedSum()
  /// 1: the class is a target or a prediction, also with a weight of 0.
  private var appears: [Int] = []

  public init() {}

  /// Keeps what a loaded checkpoint has accumulated for the same task.
  public mutating func prepare(_ task: MeasuredTask) {
    if self.task != task || !isSound(task.classes) {
      self = ClassCounts()
      hits = CompensatedSums(count: task.classes)
      (predicted, actual) = (hits, hits)
      appears = Array(repeating: 0, count: task.classes)
    }
    self.task = task
  }

  public mutating func clear() {
    let task = self.task
    self = ClassCounts()
    prepare(task)
  }

  public mutating func add(_ examples: Examples, threshold: Double) throws {
    guard isSound(task.classes) else { throw damagedState }
    for row in 0..<examples.rows {
      let weight = examples.weight(row)
      let target = examples.trueClass(row)
      let prediction = examples.predictedClass(row, threshold: threshold)
      total.add(weight)
      actual.add(weight, at: target)
      appears[target] = 1
      guard prediction >= 0 else {
        unpredicted.add(weight)
        continue
      }
      predicted.add(weight, at: prediction)
      appears[prediction] = 1
      if prediction == target { hits.add(weight, at: target) }
    }
  }

  public mutating func merge(_ other: ClassCounts) throws {
    guard other.task == task, other.isSound(task.classes) else { throw otherTask }
    hits.add(other.hits)
    predicted.add(other.predicted)
    actual.add(other.actual)
    unpredicted.add(other.unpredicted)
    total.add(other.total)
    for (index, flag) in other.appears.enumerated() where flag != 0 { appears[index] = 1 }
  }

  /// A ratio of tallies, averaged: one value, or one for each class. Classes that are neither target nor prediction
  /// of any row take no part.
  /// - Parameter undefined: The value of a ratio whose denominator is 0.
  public func ratios(
    _ averaging: Averaging, undefined: Double, _ ratio: (Tally) -> (numerator: Double, denominator: Double)
  ) -> [Double?] {
    guard total.value != 0 else { return [] }
    func value(_ tally: Tally) -> Double {
      let (numerator, denominator) = ratio(tally)
      return denominator == 0 ? undefined : numerator / denominator
    }
    let present = appears.indices.filter { appears[$0] != 0 }
    switch averaging {
    case .auto, .binary: return [value(tally(1))]
    case .micro: return [value(Tally(hits: hits.total, predicted: predicted.total, actual: actual.total))]
    case .macro: return [mean(present.map { value(tally($0)) })]
    case .weighted: return [mean(present.map { value(tally($0)) }, weights: present.map { actual[$0] })]
    case .none: return appears.indices.map { appears[$0] != 0 ? value(tally($0)) : nil }
    }
  }

  private func tally(_ index: Int) -> Tally {
    Tally(hits: hits[index], predicted: predicted[index], actual: actual[index])
  }

  /// The correlation of Matthews for any number of classes (R_K of Gorodkin); 0 where targets or predictions are
  /// all of one class. A prediction that names no class counts as a class of its own.
  public var matthewsCorrelation: Double? {
    guard total.value != 0 else { return nil }
    let all = DoubleDouble(total)
    let none = DoubleDouble(unpredicted)
    var agreement = DoubleDouble(0)
    var both = DoubleDouble(0)
    var predictions = none * none
    var targets = DoubleDouble(0)
    for index in appears.indices {
      let (p, t) = (predicted.precise(index), actual.precise(index))
      agreement = agreement + hits.precise(index)
      both = both + p * t
      predictions = predictions + p * p
      targets = targets + t * t
    }
    let spread = ((all * all - predictions) * (all * all - targets)).value
    return spread <= 0 ? 0 : (agreement * all - both).value / spread.squareRoot()
  }

  private func isSound(_ classes: Int) -> Bool {
    hits.fits(classes) && predicted.fits(classes) && actual.fits(classes) && appears.count == classes
  }
}
