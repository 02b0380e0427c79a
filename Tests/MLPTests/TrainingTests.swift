import MLPCore
import PluginKit
import Testing

@Suite struct TrainingTests {
  @Test func `the same seed gives the same weights, bit for bit, and another seed others`() throws {
    let sample = Sample(.classes, rows: 8, outputs: 3)
    for initializer in Initializer.allCases {
      let models = try [7, 7, 8].map { seed in
        try MultilayerPerceptron(sample, seed: seed) { $0.initializer = initializer }
      }
      #expect(models[0].parameters == models[1].parameters)
      #expect(models[0].parameters != models[2].parameters)
    }
  }

  static let variances: [(Initializer, Double)] = [
    (.glorotUniform, 2.0 / 500), (.glorotNormal, 2.0 / 500), (.heUniform, 2.0 / 300), (.heNormal, 2.0 / 300),
  ]

  @Test(arguments: variances)
  func `initial weights have the variance of their scheme`(initializer: Initializer, variance: Double) throws
  {
    let sample = Sample(.regression, rows: 1, width: 300)
    let model = try MultilayerPerceptron(sample) {
      $0.hidden = [200]
      $0.initializer = initializer
    }
    let weights = model.weight(at: 0).tensor.floats.map { Double($0) }
    let mean = weights.reduce(0, +) / 60_000
    let found = weights.reduce(0) { $0 + $1 * $1 } / 60_000
    #expect(abs(mean) < 4 * (variance / 60_000).squareRoot())
    #expect(abs(found / variance - 1) < 0.02)
    #expect(model.weight(at: 1).tensor.floats.allSatisfy { $0 == 0 }, "biases begin at 0")
  }

  @Test func `weights are named and shaped as documented`() throws {
    let sample = Sample(.classes, rows: 1, width: 6, outputs: 3)
    let model = try MultilayerPerceptron(sample) { $0.hidden = [5, 4] }
    let weights = (0..<model.weightCount).map { model.weight(at: $0) }
    #expect(
      weights.map(\.name) == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "layers.2.weight",
        "layers.2.bias",
      ])
    #expect(weights.map(\.tensor.shape.array) == [[6, 5], [5], [5, 4], [4], [4, 3], [3]])
  }

  @Test func `training lowers the loss`() throws {
    for kind in [TaskKind.binary, .classes, .regression] {
      let sample = Sample(kind, rows: 12, outputs: kind == .classes ? 3 : 1)
      let model = try MultilayerPerceptron(sample) {
        $0.learningRate = 0.02
        $0.hidden = [16]
      }
      let first = try model.trainStep(sample.batch()).loss
      for _ in 0..<300 { _ = try model.trainStep(sample.batch()) }
      #expect(try model.evaluate(sample.batch()).loss < first / 4)
    }
  }

  @Test func `evaluate changes nothing`() throws {
    let sample = Sample(.classes, rows: 8, outputs: 3)
    let model = try MultilayerPerceptron(sample) {
      $0.dropout = 0.5
      $0.accumulateGradBatches = 2
    }
    for _ in 0..<3 { _ = try model.trainStep(sample.batch()) }
    let before = model.everything
    let loss = try model.evaluate(sample.batch(pass: .validation)).loss
    #expect(model.everything == before)
    #expect(try model.evaluate(sample.batch(pass: .validation)).loss == loss)
  }

  @Test func `accumulated batches are one big batch, also when their weights differ`() throws {
    let sample = Sample(.classes, rows: 12, outputs: 3)
    let change: (inout Settings) -> Void = {
      $0.optimizer = .sgd
      $0.learningRate = 0.5
      $0.l2 = 0.01
    }
    let whole = try MultilayerPerceptron(sample, change)
    _ = try whole.trainStep(sample.batch())
    let split = try MultilayerPerceptron(sample) {
      change(&$0)
      $0.accumulateGradBatches = 3
    }
    let steps = try [0..<5, 5..<6, 6..<12].map { try split.trainStep(sample.batch($0)).optimizerSteps }
    #expect(steps == [0, 0, 1])
    for (a, b) in zip(whole.parameters, split.parameters) { #expect(abs(a - b) < 1e-6) }
    #expect(split.progress.optimizerSteps == 1 && split.progress.accumulatedWeight == 0)
  }

  @Test func `accumulation can be changed while batches wait`() throws {
    let sample = Sample(.regression, rows: 6)
    let model = try MultilayerPerceptron(sample) { $0.accumulateGradBatches = 10 }
    for _ in 0..<3 { #expect(try model.trainStep(sample.batch()).optimizerSteps == 0) }
    try model.setParameter("accumulate_grad_batches", to: 2)
    #expect(try model.trainStep(sample.batch()).optimizerSteps == 1)
    #expect(try model.trainStep(sample.batch()).optimizerSteps == 0)
  }

  @Test func `batches may have any number of rows`() throws {
    let sample = Sample(.classes, rows: 60, width: 20, outputs: 3)
    let model = try MultilayerPerceptron(sample) { $0.hidden = [24] }
    for range in [0..<3, 0..<17, 5..<6, 0..<60, 2..<4] { _ = try model.trainStep(sample.batch(range)) }
    let whole = Array(try model.evaluate(sample.batch()).prediction.floats)
    for row in 0..<60 {
      let alone = try model.evaluate(sample.batch(row..<row + 1)).prediction.floats
      for j in 0..<3 { #expect(abs(alone[j] - whole[row * 3 + j]) < 1e-6) }
    }
  }

  @Test func `a row of weight 0 counts for nothing`() throws {
    let sample = Sample(.binary, rows: 6)
    for row in 4..<6 { sample.weights[row] = 0 }
    let models = try (0..<2).map { _ in try MultilayerPerceptron(sample) }
    let first = try models[0].trainStep(sample.batch())
    let second = try models[1].trainStep(sample.batch(0..<4))
    #expect(abs(first.loss - second.loss) < 1e-7 && first.weight == second.weight)
    for (a, b) in zip(models[0].parameters, models[1].parameters) { #expect(abs(a - b) < 1e-6) }
    for row in 0..<6 { sample.weights[row] = 0 }
    #expect(try models[0].evaluate(sample.batch()).loss == 0)
  }

  @Test func `without a target there are predictions and no loss`() throws {
    let sample = Sample(.classes, rows: 4, outputs: 3)
    let model = try MultilayerPerceptron(sample)
    var batch = sample.batch(pass: .predict)
    let expected = Array(try model.evaluate(batch).prediction.floats)
    batch.target = nil
    let step = try model.evaluate(batch)
    #expect(step.loss.isNaN && Array(step.prediction.floats) == expected)
    #expect(throws: PluginError.self) { try model.trainStep(batch) }
  }
}
