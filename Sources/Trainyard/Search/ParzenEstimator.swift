import Glibc
import Training

/// A density over the values of one parameter, made of those that trials had: one bump for each and a broad one for what
/// was believed before. J. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NIPS 2011.
enum ParzenEstimator {
  case numbers(NumericEstimator)
  case choices(ChoiceEstimator)

  /// - Parameter observed: The oldest trial first.
  init(_ domain: SearchParameter.Domain, _ observed: [SearchPoint.Value], priorWeight: Double) {
    switch domain {
    case .range(let range):
      let positions = observed.compactMap { value -> Double? in
        if case .number(let number) = value { range.position(of: number) } else { nil }
      }
      self = .numbers(NumericEstimator(range, positions, priorWeight: priorWeight))
    case .choice(let values):
      let indices = observed.compactMap { if case .choice(let index) = $0 { index } else { nil } }
      self = .choices(ChoiceEstimator(count: values.count, indices, priorWeight: priorWeight))
    }
  }

  /// The weight of each observation, the oldest first, and of the prior behind them; they sum to 1. The last 25 count
  /// in full, those before less and less.
  static func weights(_ count: Int, prior: Double) -> [Double] {
    let recent = 25
    var weights = [Double](repeating: 1, count: count)
    let old = count - recent
    if old > 0 {
      let first = 1 / Double(count)
      for index in 0..<old {
        weights[index] = old == 1 ? first : first + (1 - first) * Double(index) / Double(old - 1)
      }
    }
    weights.append(prior)
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// An index, by weights that sum to 1.
  static func draw(_ weights: [Double], _ stream: inout RandomStream) -> Int {
    var rest = stream.nextDouble()
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return index }
    }
    return weights.count - 1
  }
}

/// Normal distributions on the line of a range, cut off at its ends.
struct NumericEstimator {
  private let range: NumericRange
  private let centers: [Double]
  private let widths: [Double]
  private let weights: [Double]
  /// Of each: the part of it that lies in the range.
  private let masses: [Double]

  /// A bump is as wide as the larger distance to its neighbours, at least a (2 + n)th of the range and at most all of it:
  /// the "magic clip" of hyperopt and Optuna. The first and the last look to one side only, where there are others.
  init(_ range: NumericRange, _ positions: [Double], priorWeight: Double) {
    self.range = range
    let line = range.line
    let length = line.upperBound - line.lowerBound
    let centers = positions + [(line.lowerBound + line.upperBound) / 2]
    self.centers = centers
    weights = ParzenEstimator.weights(positions.count, prior: priorWeight)
    let order = centers.indices.sorted { (centers[$0], $0) < (centers[$1], $1) }
    let least = length / min(100, Double(centers.count) + 1)
    // The last is the prior's.
    var widths = [Double](repeating: length, count: centers.count)
    for (rank, index) in order.enumerated() where index < positions.count {
      let below = rank > 0 ? centers[order[rank - 1]] : line.lowerBound
      let above = rank + 1 < order.count ? centers[order[rank + 1]] : line.upperBound
      var width = max(centers[index] - below, above - centers[index])
      if order.count >= 2, rank == 0 { width = above - centers[index] }
      if order.count >= 2, rank == order.count - 1 { width = centers[index] - below }
      widths[index] = min(max(width, least), length)
    }
    self.widths = widths
    masses = zip(centers, widths).map { Self.part($0, $1, line.lowerBound, line.upperBound) }
  }

  /// A point of the line.
  func sample(_ stream: inout RandomStream) -> Double {
    let index = ParzenEstimator.draw(weights, &stream)
    let line = range.line
    // At least a third of each bump lies within: a few tries are enough.
    for _ in 0..<1000 {
      let point = centers[index] + widths[index] * Self.normal(&stream)
      if line.contains(point) { return point }
    }
    return centers[index]
  }

  /// The logarithm of the density at a point of the line; with steps, of the probability of the step around it.
  func logDensity(_ point: Double) -> Double {
    var sum = 0.0
    for index in centers.indices {
      let value: Double
      if let step = range.lineStep {
        let center = range.position(of: range.value(of: point))
        value = Self.part(centers[index], widths[index], center - step / 2, center + step / 2)
      } else {
        let z = (point - centers[index]) / widths[index]
        value = exp(-z * z / 2) / (widths[index] * 2.5066282746310002)
      }
      sum += weights[index] * value / masses[index]
    }
    return log(sum)
  }

  /// The part of a bump that lies between two points.
  private static func part(_ center: Double, _ width: Double, _ low: Double, _ high: Double) -> Double {
    let scale = width * 2.0.squareRoot()
    // A range of one value has no width.
    guard scale > 0 else { return 1 }
    return (erf((high - center) / scale) - erf((low - center) / scale)) / 2
  }

  /// G. Marsaglia's polar method.
  private static func normal(_ stream: inout RandomStream) -> Double {
    while true {
      let x = 2 * stream.nextDouble() - 1
      let y = 2 * stream.nextDouble() - 1
      let s = x * x + y * y
      if s > 0, s < 1 { return x * (-2 * log(s) / s).squareRoot() }
    }
  }
}

/// A probability for each of some choices.
struct ChoiceEstimator {
  let probabilities: [Double]

  /// Each observation is its choice with a little of all others, the less the more observations there are.
  init(count: Int, _ observed: [Int], priorWeight: Double) {
    let weights = ParzenEstimator.weights(observed.count, prior: priorWeight)
    let little = priorWeight / Double(observed.count + 1)
    let row = little * Double(count)
    var probabilities = [Double](repeating: 0, count: count)
    for (index, choice) in observed.enumerated() {
      for other in 0..<count {
        probabilities[other] += weights[index] * (little + (other == choice ? 1 : 0)) / (row + 1)
      }
    }
    for other in 0..<count { probabilities[other] += (weights.last ?? 1) / Double(count) }
    self.probabilities = probabilities
  }

  func sample(_ stream: inout RandomStream) -> Int { ParzenEstimator.draw(probabilities, &stream) }
  func logDensity(_ choice: Int) -> Double { log(probabilities[choice]) }
}
