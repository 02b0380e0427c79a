import Training

/// The tree-structured Parzen estimator: draws what good trials had and bad ones had not.
///
/// The trials are split into good and bad ones; for each parameter, candidates are drawn from the density of the good
/// ones, l, and the one with the largest l/g is taken, where g is that of the bad ones. Parameters are looked at one by
/// one, and a conditional one only among the trials that had it: that makes the tree.
/// (J. Bergstra et al., NIPS 2011; "Making a Science of Model Search", ICML 2013.) The defaults are those of Optuna's
/// TPESampler, version 4.
public struct TPE: Sendable, Equatable {
  /// So many trials are random before the first estimate.
  public var startupTrials = 10
  /// Draws from l of which one is taken.
  public var candidates = 24
  /// The part of the trials that is good, rounded up; 25 trials at most.
  public var gamma = 0.1
  /// What the belief before all trials counts, as against 1 for a trial.
  public var priorWeight = 1.0

  public init() {}

  /// The point of a trial, by the trials that it may look at.
  public func point(
    _ space: SearchSpace, trial: Int, seed: UInt64, after outcomes: [TrialOutcome], _ direction: Direction
  ) -> SearchPoint {
    guard outcomes.count >= startupTrials else { return space.randomPoint(trial: trial, seed: seed) }
    let (good, bad) = split(outcomes, direction)
    return space.point { index in
      let parameter = space.parameters[index]
      var stream = space.stream(index, trial: trial, seed: seed)
      let l = ParzenEstimator(
        parameter.domain, good.compactMap { $0.point.values[index] }, priorWeight: priorWeight)
      let g = ParzenEstimator(
        parameter.domain, bad.compactMap { $0.point.values[index] }, priorWeight: priorWeight)
      return best(parameter, l, g, &stream)
    }
  }

  private func best(
    _ parameter: SearchParameter, _ l: ParzenEstimator, _ g: ParzenEstimator, _ stream: inout RandomStream
  ) -> SearchPoint.Value {
    switch (parameter.domain, l, g) {
    case (.range(let range), .numbers(let l), .numbers(let g)):
      // Judged as the values that they come to: between two integers there is none.
      let values = (0..<max(1, candidates)).map { _ in range.value(of: l.sample(&stream)) }
      return .number(
        Self.best(values) { value in
          let point = range.position(of: value)
          return l.logDensity(point) - g.logDensity(point)
        })
    case (.choice, .choices(let l), .choices(let g)):
      let choices = (0..<max(1, candidates)).map { _ in l.sample(&stream) }
      return .choice(Self.best(choices) { l.logDensity($0) - g.logDensity($0) })
    default: return parameter.random(&stream)
    }
  }

  /// The first of the best candidates; there is at least one.
  private static func best<T>(_ candidates: [T], by score: (T) -> Double) -> T {
    var best = (candidate: candidates[0], score: score(candidates[0]))
    for candidate in candidates.dropFirst() {
      let own = score(candidate)
      if own > best.score { best = (candidate, own) }
    }
    return best.candidate
  }

  /// Finished trials come before pruned ones, and among these those that came further; a failed one is worse than all
  /// others, so that the search turns away from settings that fail. The oldest first in each part.
  func split(
    _ outcomes: [TrialOutcome], _ direction: Direction
  ) -> (good: [TrialOutcome], bad: [TrialOutcome]) {
    let sign = direction == .max ? -1.0 : 1.0
    func key(_ outcome: TrialOutcome) -> (Int, Int, Double, Int) {
      switch outcome.state {
      case .finished: (0, 0, sign * (outcome.value ?? .infinity), outcome.number)
      case .pruned: (1, -outcome.rungs.count, sign * (outcome.value ?? .infinity), outcome.number)
      case .failed: (2, 0, 0, outcome.number)
      }
    }
    let sorted = outcomes.sorted { key($0) < key($1) }
    let succeeded = outcomes.count { $0.state != .failed }
    let count = min(Int((gamma * Double(outcomes.count)).rounded(.up)), 25, succeeded)
    func oldestFirst(_ part: ArraySlice<TrialOutcome>) -> [TrialOutcome] {
      part.sorted { $0.number < $1.number }
    }
    return (oldestFirst(sorted.prefix(count)), oldestFirst(sorted.dropFirst(count)))
  }
}
