import MLPCore
import PluginKit
import Testing

@Suite struct ResetTests {
  static let optimizers: [OptimizerKind] = OptimizerKind.allCases

  private func model(_ sample: Sample, _ optimizer: OptimizerKind) throws -> MultilayerPerceptron {
    try MultilayerPerceptron(sample) {
      $0.optimizer = optimizer
      $0.momentum = optimizer.usesMomentum ? 0.9 : 0
      $0.dropout = 0.2
      $0.accumulateGradBatches = 2
    }
  }

  @Test(arguments: optimizers)
  func `after training and reset an instance is as a new one`(optimizer: OptimizerKind) throws {
    let sample = Sample(.classes, rows: 9, outputs: 3)
    let used = try model(sample, optimizer)
    for _ in 0..<5 { _ = try used.trainStep(sample.batch()) }
    for name in used.parameterNames {
      try used.setParameter(name, to: name == "accumulate_grad_batches" ? 3 : 0.5)
    }
    try used.reset(seed: 11, task: sample.task)

    let new = try model(sample, optimizer)
    try new.reset(seed: 11, task: sample.task)
    #expect(used.everything == new.everything)
    for _ in 0..<5 {
      let (a, b) = (try used.trainStep(sample.batch()), try new.trainStep(sample.batch()))
      #expect(a.loss == b.loss && a.optimizerSteps == b.optimizerSteps)
      #expect(used.everything == new.everything)
    }
  }

  @Test func `reset serves another task`() throws {
    let model = try MultilayerPerceptron(Sample(.classes, rows: 4, outputs: 3))
    let sample = Sample(.regression, rows: 4, width: 2)
    try model.reset(seed: 7, task: sample.task)
    #expect(model.parameters == (try MultilayerPerceptron(sample)).parameters)
    #expect(try model.facts.task == .regression && model.facts.width == 0)
    let flat = Sample(.binary, rows: 4, width: 2)
    try model.reset(seed: 7, task: flat.task)
    #expect(try model.facts.task == .binary)
    _ = try model.trainStep(flat.batch())
  }

  @Test(arguments: optimizers)
  func `a saved run continues bit for bit`(optimizer: OptimizerKind) throws {
    let sample = Sample(.classes, rows: 9, outputs: 3)
    let model = try model(sample, optimizer)
    for _ in 0..<5 { _ = try model.trainStep(sample.batch()) }
    try model.setParameter("learning_rate", to: 0.003)
    let saved = model.everything
    #expect(saved.progress.accumulatedBatches == 1, "a gradient waits for its step")

    let resumed = try self.model(sample, optimizer)
    try resumed.reset(seed: 99, task: sample.task)
    try resumed.restore(saved)
    #expect(resumed.everything == saved)
    for _ in 0..<5 {
      #expect(try model.trainStep(sample.batch()).loss == (try resumed.trainStep(sample.batch())).loss)
      #expect(model.everything == resumed.everything)
    }
  }

  @Test func `a state without tensors is that of a reset`() throws {
    let sample = Sample(.binary, rows: 4)
    let model = try model(sample, .adam)
    let fresh = model.everything
    try model.loadState { _ in nil }
    #expect(model.everything == fresh)
  }

  @Test func `a damaged state is refused`() throws {
    let sample = Sample(.binary, rows: 4)
    let model = try model(sample, .adam)
    #expect(throws: PluginError.self) {
      try withView([1, 2], [2]) { view in try model.loadState { _ in view } }
    }
  }
}
