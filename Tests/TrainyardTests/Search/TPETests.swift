import Glibc
import Support
import Testing
import Training

@testable import Trainyard

@Suite struct TPETests {
  static let plane = SearchSpace([
    SearchParameter("x", SearchSpaceTests.range(-5, 10)), SearchParameter("y", SearchSpaceTests.range(0, 15)),
  ])

  /// F. H. Branin, 1972: three minima of 0.397887.
  static func branin(_ x: Double, _ y: Double) -> Double {
    let b = 5.1 / (4 * Double.pi * Double.pi)
    let c = 5 / Double.pi
    let part = y - b * x * x + c * x - 6
    return part * part + 10 * (1 - 1 / (8 * Double.pi)) * cos(x) + 10
  }

  /// The best value of so many trials one after the other, each after those `lag` before it.
  static func best(
    _ strategy: SearchStrategy, _ space: SearchSpace, trials: Int, seed: UInt64, lag: Int = 1,
    direction: Direction = .min, _ objective: (SearchPoint) -> Double
  ) -> Double {
    var outcomes: [TrialOutcome] = []
    for trial in 0..<trials {
      let known = Array(outcomes.prefix(max(0, trial - lag + 1)))
      guard let point = strategy.point(space, trial: trial, seed: seed, after: known, direction) else {
        break
      }
      let value = objective(point)
      outcomes.append(TrialOutcome(number: trial, point: point, state: .finished, value: value))
    }
    let values = outcomes.compactMap(\.value)
    return (direction == .max ? values.max() : values.min()) ?? .nan
  }

  static func mean(_ strategy: SearchStrategy, lag: Int) -> Double {
    let seeds: [UInt64] = Array(1...10)
    let gaps = seeds.map { seed in
      best(strategy, plane, trials: 60, seed: seed, lag: lag) {
        branin(SearchSpaceTests.number($0), SearchSpaceTests.number($0, 1))
      } - 0.397887
    }
    return gaps.reduce(0, +) / Double(gaps.count)
  }

  @Test(arguments: [1, 8])
  func `comes much closer to the minimum of Branin's function than chance, over ten seeds`(lag: Int) {
    let random = Self.mean(.random, lag: lag)
    let tpe = Self.mean(.tpe(TPE()), lag: lag)
    #expect(tpe < random / 2, "tpe \(tpe), random \(random)")
  }

  @Test func `finds the best corner of a space with choices, integers and a condition`() {
    let space = SearchSpace([
      SearchParameter("optimizer", SearchSpaceTests.choice("adam", "sgd", "rmsprop", "adamw")),
      SearchParameter(
        "momentum", SearchSpaceTests.range(0, 1), when: [.init(path: "optimizer", values: ["sgd"])]),
      SearchParameter("rate", SearchSpaceTests.range(1e-5, 1, log: true)),
      SearchParameter("units", SearchSpaceTests.range(1, 256, log: true, int: true)),
    ])
    /// Best with sgd, momentum 0.9, rate 0.01 and 64 units: there it is 0.
    func loss(_ point: SearchPoint) -> Double {
      var loss = point.values[0] == .choice(1) ? 0 : 1.0
      if point.values[1] != nil { loss += abs(SearchSpaceTests.number(point, 1) - 0.9) }
      loss += abs(log10(SearchSpaceTests.number(point, 2)) + 2) / 2
      return loss + abs(log2(SearchSpaceTests.number(point, 3)) - 6) / 4
    }
    var sums = (tpe: 0.0, random: 0.0)
    for seed: UInt64 in 1...8 {
      // As a maximum: the sign must not matter.
      sums.tpe -= Self.best(.tpe(TPE()), space, trials: 80, seed: seed, direction: .max) { -loss($0) }
      sums.random += Self.best(.random, space, trials: 80, seed: seed) { loss($0) }
    }
    #expect(sums.tpe < sums.random / 2, "tpe \(sums.tpe / 8), random \(sums.random / 8)")
  }

  @Test func `trials are random until enough are known, and the same for the same history`() {
    func outcomes(_ count: Int) -> [TrialOutcome] {
      (0..<count).map {
        TrialOutcome(
          number: $0, point: Self.plane.randomPoint(trial: $0, seed: 1), state: .finished,
          value: Double($0 % 3))
      }
    }
    let tpe = TPE()
    let random = Self.plane.randomPoint(trial: 30, seed: 1)
    #expect(tpe.point(Self.plane, trial: 30, seed: 1, after: outcomes(9), .min) == random)
    let first = tpe.point(Self.plane, trial: 30, seed: 1, after: outcomes(10), .min)
    #expect(first != random)
    #expect(tpe.point(Self.plane, trial: 30, seed: 1, after: outcomes(10), .min) == first)
    #expect(tpe.point(Self.plane, trial: 31, seed: 1, after: outcomes(10), .min) != first)
  }

  @Test func `good are the best tenth of those that succeeded; pruned ones count behind finished ones`() {
    func outcome(_ number: Int, _ state: TrialOutcome.State, _ value: Double?, rungs: Int = 0) -> TrialOutcome
    {
      TrialOutcome(
        number: number, point: SearchPoint([]), state: state, value: value,
        rungs: [Double](repeating: 0, count: rungs))
    }
    let outcomes = [
      outcome(0, .failed, nil), outcome(1, .pruned, 0.1, rungs: 1), outcome(2, .pruned, 0.3, rungs: 2),
      outcome(3, .finished, 0.5), outcome(4, .finished, 0.4), outcome(5, .finished, 0.9),
    ]
    var tpe = TPE()
    let order: [(gamma: Double, good: [Int])] = [
      (0.1, [4]), (0.3, [3, 4]), (0.5, [3, 4, 5]), (0.6, [2, 3, 4, 5]), (0.8, [1, 2, 3, 4, 5]),
      (0.99, [1, 2, 3, 4, 5]),
    ]
    for (gamma, good) in order {
      tpe.gamma = gamma
      #expect(tpe.split(outcomes, .min).good.map(\.number) == good, "gamma \(gamma)")
    }
    tpe.gamma = 0.1
    #expect(tpe.split(outcomes, .max).good.map(\.number) == [5])
    #expect(tpe.split(outcomes, .max).bad.map(\.number) == [0, 1, 2, 3, 4])
  }

  // MARK: The estimator

  static let densities: [(SearchParameter.Domain, [Double])] = [
    (SearchSpaceTests.range(-1, 3), [0, 0.1, 2.9, 3]), (SearchSpaceTests.range(-1, 3), []),
    (SearchSpaceTests.range(1e-4, 1, log: true), [0.5, 0.5, 1e-3]),
    (SearchSpaceTests.range(1, 10, int: true), [1, 1, 2, 9]),
    (SearchSpaceTests.range(0, 1, step: 0.125), [1]),
  ]

  @Test(arguments: densities.indices)
  func `a density sums to one over its range`(row: Int) {
    guard case .range(let range) = Self.densities[row].0 else { return }
    let estimator = NumericEstimator(
      range, Self.densities[row].1.map { range.position(of: $0) }, priorWeight: 1)
    var sum = 0.0
    if range.lineStep != nil {
      for value in range.values ?? [] { sum += exp(estimator.logDensity(value)) }
    } else {
      let line = range.line
      let width = (line.upperBound - line.lowerBound) / 20000
      for index in 0..<20000 {
        sum += exp(estimator.logDensity(line.lowerBound + (Double(index) + 0.5) * width)) * width
      }
    }
    #expect(abs(sum - 1) < 1e-6, "\(sum)")
  }

  /// By hand: the prior in the middle, 0.5; the first and the last bump look inwards only.
  @Test func `a bump is as wide as the larger distance to its neighbours`() {
    let range = NumericRange(low: 0, high: 1)
    let one = NumericEstimator(range, [0.2], priorWeight: 1)
    // Bumps: (0.2, 0.3 wide, but at least 1/3) and the prior (0.5, 1 wide), half each.
    let expected = 0.5 * normal(0.4, 0.2, 1 / 3.0) + 0.5 * normal(0.4, 0.5, 1)
    #expect(abs(exp(one.logDensity(0.4)) - expected) < 1e-12)
    let three = NumericEstimator(range, [0.1, 0.9, 0.55], priorWeight: 1)
    // In order 0.1, 0.5 (the prior), 0.55, 0.9: widths 0.4, 1, 0.35, 0.35; at least 1/5.
    let sum =
      normal(0.3, 0.1, 0.4) + normal(0.3, 0.5, 1) + normal(0.3, 0.55, 0.35) + normal(0.3, 0.9, 0.35)
    #expect(abs(exp(three.logDensity(0.3)) - sum / 4) < 1e-12)
  }

  /// A normal density cut off at 0 and 1.
  private func normal(_ x: Double, _ center: Double, _ width: Double) -> Double {
    func below(_ x: Double) -> Double { 0.5 * erfc(-(x - center) / (width * 2.0.squareRoot())) }
    let z = (x - center) / width
    return exp(-z * z / 2) / (width * (2 * Double.pi).squareRoot()) / (below(1) - below(0))
  }

  @Test func `choices that good trials had are likelier, and none is impossible`() {
    let estimator = ChoiceEstimator(count: 3, [0, 0, 2], priorWeight: 1)
    // Four bumps with a quarter each: a little of 1/4 on each choice, (1 + 1/4) / (7/4) on the observed one.
    let own = (1 + 0.25) / 1.75
    let other = 0.25 / 1.75
    let expected = [
      (2 * own + other + 1 / 3.0) / 4, (3 * other + 1 / 3.0) / 4, (own + 2 * other + 1 / 3.0) / 4,
    ]
    for (found, expected) in zip(estimator.probabilities, expected) { #expect(abs(found - expected) < 1e-12) }
    #expect(abs(estimator.probabilities.reduce(0, +) - 1) < 1e-12)
  }

  /// `Tests/Data/tpe/record.py` has recorded them.
  @Test func `the densities are those of Optuna's estimators`() throws {
    let path = packageFolder() + "/Data/tpe/estimators.json"
    let data = try JSONValue(parsing: readText(path), from: path)
    let cases = try #require(data["cases"]?.array)
    #expect(cases.count > 20)
    for entry in cases {
      let name = entry["name"]?.string ?? ""
      let observed = numbers(entry["observed"])
      let prior = try #require(entry["prior_weight"]?.double)
      let density: (Double) -> Double
      if let count = entry["choices"]?.int {
        let estimator = ChoiceEstimator(count: Int(count), observed.map { Int($0) }, priorWeight: prior)
        density = { estimator.logDensity(Int($0)) }
      } else {
        let range = NumericRange(
          low: try #require(entry["low"]?.double), high: try #require(entry["high"]?.double),
          step: entry["step"]?.double, isLog: entry["log"]?.bool ?? false,
          isInteger: entry["int"]?.bool ?? false)
        let estimator = NumericEstimator(
          range, observed.map { range.position(of: $0) }, priorWeight: prior)
        density = { estimator.logDensity(range.position(of: $0)) }
      }
      for (point, expected) in zip(numbers(entry["points"]), numbers(entry["log_densities"])) {
        let found = density(point)
        #expect(abs(found - expected) < 1e-9 * max(1, abs(expected)), "\(name) at \(point)")
      }
    }
    // How many of so many trials are good.
    for pair in try #require(data["good"]?.array) {
      let counts = numbers(pair).map { Int($0) }
      let outcomes = (0..<counts[0]).map {
        TrialOutcome(number: $0, point: SearchPoint([]), state: .finished, value: Double($0))
      }
      #expect(TPE().split(outcomes, .min).good.count == counts[1], "of \(counts[0]) trials")
    }
  }

  private func numbers(_ value: JSONValue?) -> [Double] { value?.array?.compactMap(\.double) ?? [] }

  /// At the line's lower end, log 0.5, g has fallen more than l, though the integer there, 1, is what bad trials had.
  @Test func `integers on a logarithmic scale are judged as integers`() {
    let space = SearchSpace([SearchParameter("units", SearchSpaceTests.range(1, 4, log: true, int: true))])
    // The first two are the good ones.
    let values: [Double] = [4, 4, 1, 4, 3, 2, 1, 3, 1, 1, 1, 1]
    let outcomes = values.enumerated().map {
      TrialOutcome(number: $0, point: SearchPoint([.number($1)]), state: .finished, value: Double($0))
    }
    var tpe = TPE()
    // So many that each of the four integers is among them.
    tpe.candidates = 500
    for trial in 20..<40 {
      let point = tpe.point(space, trial: trial, seed: 1, after: outcomes, .min)
      #expect(SearchSpaceTests.number(point) == 4)
    }
  }

  @Test func `the last 25 trials count in full, and older ones less`() {
    let weights = ParzenEstimator.weights(30, prior: 1)
    #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
    #expect(Set(weights[5...]).count == 1, "the last 25 and the prior")
    #expect(abs(weights[0] / weights[30] - 1 / 30.0) < 1e-12)
    #expect(weights[0] < weights[1] && weights[3] < weights[4])
    #expect(ParzenEstimator.weights(2, prior: 2) == [0.25, 0.25, 0.5])
  }
}
