import Glibc

/// A short run in which the learning rate rises from step to step, and what it suggests: the rate at which the loss
/// fell fastest. The rule is that of Smith ("Cyclical Learning Rates for Training Neural Networks", 2017) as
/// Lightning's LearningRateFinder applies it: the loss is smoothed (0.98, bias-corrected), the run ends early when it has
/// diverged, and the first ten points and the last do not count.
public struct LearningRateSearch: Sendable, Equatable {
  public enum Ramp: String, Sendable, CaseIterable {
    /// The same factor in each step.
    case exponential
    /// The same amount in each step.
    case linear
  }

  public var minimum = 1e-8
  public var maximum = 1.0
  public var steps = 100
  public var ramp = Ramp.exponential
  /// Ends early when the smoothed loss is so many times the best one.
  public var divergence = 4.0

  public init(
    minimum: Double = 1e-8, maximum: Double = 1.0, steps: Int = 100, ramp: Ramp = .exponential,
    divergence: Double = 4.0
  ) {
    self.minimum = minimum
    self.maximum = maximum
    self.steps = steps
    self.ramp = ramp
    self.divergence = divergence
  }

  public struct Point: Sendable, Equatable {
    public var learningRate: Double
    /// Smoothed.
    public var loss: Double

    public init(learningRate: Double, loss: Double) {
      self.learningRate = learningRate
      self.loss = loss
    }
  }

  public struct Result: Sendable {
    public var points: [Point]
    /// `nil`: the loss never fell, or too few steps were possible.
    public var suggestion: Double?
    /// The loss left all bounds before the last step.
    public var diverged: Bool

    /// A row for each step.
    public var csv: String {
      points.enumerated().reduce(into: "step,learning_rate,loss\n") { text, row in
        text += "\(row.offset),\(row.element.learningRate),\(row.element.loss)\n"
      }
    }
  }

  /// The learning rate of a step, counted from 0.
  public func rate(at step: Int) -> Double {
    let part = Double(step) / Double(max(1, steps - 1))
    switch ramp {
    case .exponential: return minimum * pow(maximum / minimum, part)
    case .linear: return minimum + (maximum - minimum) * part
    }
  }

  /// Trains the model with rising rates. It is of no further use before its next reset.
  public func run(_ model: any LoopModel, _ data: BatchLoader, interruption: Interruption) throws -> Result {
    guard model.parameter("learning_rate") != nil else {
      throw LoopError("the model has no hyper-parameter 'learning_rate' to look for")
    }
    var points: [Point] = []
    var average = 0.0
    var best = Double.infinity
    var diverged = false
    let result = StepResult()
    var epoch = 0
    defer { data.end() }
    try data.begin(epoch: epoch)
    while points.count < steps, !interruption.isRequested {
      var next = try data.next()
      if next == nil {
        epoch += 1
        try data.begin(epoch: epoch)
        next = try data.next()
      }
      guard let batch = next else { break }
      let rate = rate(at: points.count)
      try model.setParameter("learning_rate", rate)
      try model.trainStep(batch, result)
      average = Self.smoothing * average + (1 - Self.smoothing) * result.loss
      let smoothed = average / (1 - pow(Self.smoothing, Double(points.count + 1)))
      points.append(Point(learningRate: rate, loss: smoothed))
      if points.count > 1, !(smoothed <= divergence * best) {
        diverged = true
        break
      }
      best = min(best, smoothed)
    }
    return Result(points: points, suggestion: Self.suggestion(points), diverged: diverged)
  }

  private static let smoothing = 0.98

  /// The rate of steepest fall: the least difference of neighbours on both sides, as numpy.gradient takes it.
  public static func suggestion(_ points: [Point], skipFirst: Int = 10, skipLast: Int = 1) -> Double? {
    let counted = points.dropFirst(skipFirst).dropLast(skipLast).filter { $0.loss.isFinite }
    guard counted.count >= 2 else { return nil }
    func slope(_ index: Int) -> Double {
      if index == 0 { return counted[1].loss - counted[0].loss }
      if index == counted.count - 1 { return counted[index].loss - counted[index - 1].loss }
      return (counted[index + 1].loss - counted[index - 1].loss) / 2
    }
    let steepest = counted.indices.min { slope($0) < slope($1) }
    return steepest.flatMap { slope($0) < 0 ? counted[$0].learningRate : nil }
  }
}
