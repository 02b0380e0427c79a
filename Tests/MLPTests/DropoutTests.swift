import MLPCore
import PluginKit
import Testing

@Suite struct DropoutTests {
  private func model(_ sample: Sample, seed: UInt64 = 7) throws -> MultilayerPerceptron {
    try MultilayerPerceptron(sample, seed: seed) {
      $0.hidden = [1000]
      $0.activation = .sigmoid
      $0.dropout = 0.3
      $0.learningRate = 0
    }
  }

  @Test func `the mean of predictions under dropout is the prediction without`() throws {
    let sample = Sample(.regression, rows: 1)
    let model = try model(sample)
    for index in 0..<model.weightCount { model.weight(at: index).tensor.floats.update(repeating: 0.01) }
    let plain = try model.evaluate(sample.batch()).prediction.value(at: 0)
    let predictions = try (0..<200).map { _ in try model.trainStep(sample.batch()).prediction.value(at: 0) }
    #expect(Set(predictions).count > 50)
    #expect(abs(predictions.reduce(0, +) / 200 / plain - 1) < 0.01)
  }

  // The gradient of an output weight is 0 exactly where its hidden value was dropped.
  @Test func `the part that is dropped is the rate`() throws {
    let sample = Sample(.regression, rows: 1)
    let model = try model(sample)
    try model.setParameter("accumulate_grad_batches", to: 2)
    _ = try model.trainStep(sample.batch())
    let gradient = try #require(model.stateTensors.first { $0.name == "gradient.layers.1.weight" })
    let dropped = gradient.tensor.floats.count { $0 == 0 }
    #expect(dropped > 240 && dropped < 360)
    let below = try #require(model.stateTensors.first { $0.name == "gradient.layers.0.bias" })
    #expect(below.tensor.floats.count { $0 == 0 } == dropped, "what is dropped passes no gradient on")
  }

  @Test func `draws depend on the seed and the position alone`() throws {
    let sample = Sample(.regression, rows: 4)
    let models = try [7, 7, 8].map { try model(sample, seed: $0) }
    let losses = try models.map { model in try (0..<3).map { _ in try model.trainStep(sample.batch()).loss } }
    #expect(losses[0] == losses[1])
    #expect(Set(losses[0]).count == 3, "each batch has draws of its own")
    #expect(losses[0] != losses[2])
  }
}
