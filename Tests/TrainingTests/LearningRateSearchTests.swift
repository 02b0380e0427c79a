import Glibc
import Testing
import Training

/// The short run that suggests a learning rate.
@Suite struct LearningRateSearchTests {
  @Test func `an exponential ramp multiplies, a linear one adds`() {
    let exponential = LearningRateSearch(minimum: 1e-4, maximum: 1, steps: 5)
    #expect((0..<5).map { exponential.rate(at: $0).rounded(to: 1e-9) } == [1e-4, 1e-3, 1e-2, 1e-1, 1])
    let linear = LearningRateSearch(minimum: 1, maximum: 3, steps: 5, ramp: .linear)
    #expect((0..<5).map(linear.rate) == [1, 1.5, 2, 2.5, 3])
  }

  /// Losses by step; the first ten and the last never count.
  static let curves: [(losses: [Double], step: Int?, why: Comment)] = [
    (Array(repeating: 5, count: 10) + [5, 4.9, 4, 3, 2.9, 9], 12, "the middle of the largest fall"),
    (Array(repeating: 5, count: 10) + [1, 2, 3, 4, 5, 6], nil, "it only rises"),
    ([9, 1, 1, 1, 1, 1, 1, 1, 1, 1] + [3, 3, 3, 2.9, 2.9, 0], 12, "the fall at the start does not count"),
    ([1, 2, 3], nil, "too few steps"),
  ]

  @Test(arguments: curves)
  func `suggests the rate of the steepest fall`(losses: [Double], step: Int?, why: Comment) {
    let points = losses.enumerated().map {
      LearningRateSearch.Point(learningRate: Double($0.offset), loss: $0.element)
    }
    #expect(LearningRateSearch.suggestion(points) == step.map(Double.init), why)
  }

  @Test func `ends when the smoothed loss is four times the best`() throws {
    let model = RatedModel { rate in rate < 0.1 ? 1 : 1e6 }
    let result = try LearningRateSearch(minimum: 1e-3, maximum: 10, steps: 50).run(
      model, try loader(), interruption: Interruption())
    #expect(result.diverged)
    #expect(result.points.count < 50)
    #expect(result.points.last.map { $0.learningRate >= 0.1 } == true)
  }

  @Test func `goes over the data again when it is shorter than the run`() throws {
    let model = RatedModel { 1 / (1 + $0) }
    let result = try LearningRateSearch(minimum: 1e-3, maximum: 10, steps: 40).run(
      model, try loader(), interruption: Interruption())
    #expect(result.points.count == 40)
    #expect(
      model.rates == (0..<40).map { LearningRateSearch(minimum: 1e-3, maximum: 10, steps: 40).rate(at: $0) })
    #expect(result.suggestion != nil)
  }

  @Test func `refuses a model without a learning rate`() throws {
    let model = RatedModel { _ in 1 }
    model.hasRate = false
    #expect(throws: LoopError.self) {
      try LearningRateSearch().run(model, try loader(), interruption: Interruption())
    }
  }

  /// Seven rows in batches of two.
  private func loader() throws -> BatchLoader {
    let source = try MemorySource([
      .doubles("x", [1, 2, 3, 4, 5, 6, 7]), .doubles("y", [1, 2, 3, 4, 5, 6, 7], role: .target),
    ])
    let target = try TargetPlan.infer(.regression, source: source)
    let fitted = try FittedPreprocessing.fit(
      Preprocessing(), source: source, rows: [0, 1, 2, 3, 4, 5, 6], target: target)
    return try BatchLoader(
      assembler: try BatchAssembler(source: source, preprocessing: fitted), rows: [0, 1, 2, 3, 4, 5, 6],
      batchSize: 2,
      shuffle: false, seed: 0, mode: .inline, pass: .train)
  }
}

/// A model whose loss is a function of its learning rate.
private final class RatedModel: LoopModel {
  let name = "rated"
  var hasRate = true
  private(set) var rates: [Double] = []
  private var rate = 0.0
  private let loss: (Double) -> Double

  init(_ loss: @escaping (Double) -> Double) { self.loss = loss }

  func trainStep(_ batch: Batch, _ result: StepResult) {
    rates.append(rate)
    result.loss = loss(rate)
    result.weight = Double(batch.rows)
    result.optimizerSteps = 1
  }
  func parameter(_ name: String) -> Double? { hasRate ? rate : nil }
  func setParameter(_ name: String, _ value: Double) { rate = value }

  func reset(seed: UInt64, task: LearningTask) {}
  func describe() -> ModelFacts { ModelFacts(task: .regression, width: 0) }
  func evaluate(_ batch: Batch, _ result: StepResult) {}
  func weights() -> [NamedTensor] { [] }
  func assign(_ weights: [NamedTensor]) {}
  var parameterNames: [String] { ["learning_rate"] }
  var hasSnapshots: Bool { false }
  func takeSnapshot(_ number: Int) {}
  func restoreSnapshot(_ number: Int) {}
  func dropSnapshot(_ number: Int) {}
  func saveState() -> StateTable { [:] }
  func loadState(_ state: StateTable) {}
}

extension Double {
  fileprivate func rounded(to step: Double) -> Double { (self / step).rounded() * step }
}
