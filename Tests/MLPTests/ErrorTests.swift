import MLPCore
import PluginKit
import Testing

@Suite struct ErrorTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  static let labels: [(TaskKind, Int, Int32, Int)] = [
    (.binary, 1, 2, 1), (.classes, 3, 3, 2), (.classes, 3, -1, 2),
  ]

  @Test(arguments: labels)
  func `a label outside the classes is refused with its row, and nothing changes`(
    kind: TaskKind, outputs: Int, label: Int32, last: Int
  ) throws {
    let sample = Sample(kind, rows: 8, outputs: outputs)
    sample.labels[5] = label
    let model = try MultilayerPerceptron(sample) { $0.dropout = 0.1 }
    let before = model.everything
    let words = message { _ = try model.trainStep(sample.batch()) }
    #expect(words.contains("row 5 of the batch has label \(label), and labels go from 0 to \(last)"))
    #expect(model.everything == before)
  }

  @Test func `batches of another shape are refused`() throws {
    let sample = Sample(.classes, rows: 4, outputs: 3)
    let model = try MultilayerPerceptron(sample)
    let other = Sample(.classes, rows: 4, width: 2, outputs: 3)
    #expect(
      message { _ = try model.trainStep(other.batch()) }
        .contains("features are float32 [4, 2], and should be float32 [4, 3]"))
    var batch = sample.batch()
    batch.target = batch.features
    #expect(message { _ = try model.trainStep(batch) }.contains("should be int32 [4]"))
    batch = sample.batch()
    batch.weight = batch.features
    #expect(message { _ = try model.trainStep(batch) }.contains("the weights are float32 [4, 3]"))
    sample.weights[2] = -100
    #expect(message { _ = try model.trainStep(sample.batch()) }.contains("must be finite and 0 or more"))
  }

  @Test(arguments: [
    (TaskKind.binary, Loss.meanSquaredError, "binary_crossentropy"),
    (.classes, .binaryCrossentropy, "categorical_crossentropy"),
    (.regression, .categoricalCrossentropy, "mean_squared_error"),
  ])
  func `a loss that does not fit the task is refused`(kind: TaskKind, loss: Loss, fitting: String) {
    let sample = Sample(kind, rows: 4, outputs: kind == .classes ? 3 : 1)
    let words = message { _ = try MultilayerPerceptron(sample) { $0.loss = loss } }
    #expect(words.contains("loss '\(loss.rawValue)' does not fit a \(kind) task") && words.contains(fitting))
  }

  @Test func `tasks and sizes that cannot be served are refused`() {
    var settings = Settings()
    settings.hidden = [Int.max]
    let model = MultilayerPerceptron(settings)
    let task = TaskDescription(kind: .binary, featureShape: [3], outputWidth: 1)
    #expect(message { try model.reset(seed: 0, task: task) }.contains("do not fit into memory"))
    var ranking = task
    ranking.kind = .ranking
    #expect(message { try model.reset(seed: 0, task: ranking) }.contains("mlp cannot rank"))
    #expect(message { _ = try model.facts }.contains("was not reset"))
  }

  static let settings: [(@Sendable (inout Settings) -> Void, String)] = [
    (
      {
        $0.clipNorm = 1
        $0.clipValue = 1
      }, "both 'clip_norm' and 'clip_value'"
    ),
    ({ $0.momentum = 0.9 }, "'momentum' is 0.9, and optimizer 'adam' has none"),
    ({ $0.nesterov = true }, "optimizer 'adam' has no Nesterov momentum"),
    ({ $0.hidden = [4, 0] }, "'hidden' holds 0"),
  ]

  @Test(arguments: settings)
  func `settings that contradict each other are refused`(
    change: @Sendable (inout Settings) -> Void, words: String
  ) {
    var settings = Settings()
    change(&settings)
    #expect(message { try settings.validate() }.contains(words))
  }

  static let outside: [(String, Double)] = [
    ("learning_rate", -0.1), ("learning_rate", .nan), ("learning_rate", .infinity), ("weight_decay", -1),
    ("dropout", 1), ("momentum", 1.5), ("accumulate_grad_batches", 0), ("accumulate_grad_batches", 1.5),
    ("accumulate_grad_batches", 1e30), ("rate", 1),
  ]

  @Test(arguments: outside)
  func `hyper-parameters outside their range are refused`(name: String, value: Double) throws {
    let model = try MultilayerPerceptron(Sample(.binary, rows: 2)) { $0.optimizer = .sgd }
    let before = model.progress
    #expect(message { try model.setParameter(name, to: value) }.contains("'\(name)'"))
    #expect(model.progress == before)
  }

  @Test func `hyper-parameters are read back, and only those that the optimizer has`() throws {
    let sample = Sample(.binary, rows: 2)
    let model = try MultilayerPerceptron(sample)
    #expect(
      model.parameterNames == ["learning_rate", "weight_decay", "dropout", "accumulate_grad_batches"])
    #expect(model.parameter("learning_rate") == 0.001 && model.parameter("momentum") == nil)
    try model.setParameter("learning_rate", to: 0.5)
    #expect(model.parameter("learning_rate") == 0.5)
    let sgd = try MultilayerPerceptron(sample) { $0.optimizer = .sgd }
    #expect(sgd.parameterNames.contains("momentum"))
  }
}
