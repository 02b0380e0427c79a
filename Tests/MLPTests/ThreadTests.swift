import Glibc
import MLPCore
import MLPKernels
import PluginKit
import Testing

/// Batches that several threads share. Where the processor has no kernels that can be divided, OpenBLAS has the threads, and
/// there is nothing to see here.
@Suite(.serialized, .enabled(if: mlp_has_dense_kernels() != 0)) struct ThreadTests {
  /// Large enough to be shared: more than 2²⁰ multiplications in a forward pass.
  private static func sample(_ kind: TaskKind) -> Sample {
    Sample(kind, rows: 131, width: 200, outputs: kind == .binary ? 1 : 3)
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var kind: TaskKind
    var words: String
    var change: @Sendable (inout Settings) -> Void
    var testDescription: String { "\(kind), \(words)" }
  }

  static let cases: [Case] =
    [
      Case(kind: .classes, words: "adam") { _ in },
      Case(kind: .classes, words: "two hidden layers with dropout, sgd with momentum") {
        $0.hidden = [64, 70]
        $0.dropout = 0.3
        $0.optimizer = .sgd
        $0.momentum = 0.9
      },
      Case(kind: .binary, words: "one number out of few units, rmsprop") {
        $0.hidden = [64, 4]
        $0.activation = .gelu
        $0.optimizer = .rmsprop
      },
      Case(kind: .regression, words: "penalty and clipped gradients, tanh") {
        $0.activation = .tanh
        $0.l2 = 0.01
        $0.clipNorm = 0.5
      },
      Case(kind: .classes, words: "gradients of three batches, decay, sigmoid") {
        $0.activation = .sigmoid
        $0.accumulateGradBatches = 3
        $0.optimizer = .adamw
      },
    ] + half

  private static let half =
    mlp_bf16_kernels() == MLP_BF16_NONE
    ? []
    : [
      Case(kind: .classes, words: "bfloat16, two hidden layers with dropout") {
        $0.hidden = [64, 70]
        $0.dropout = 0.3
        $0.precision = .bf16
      },
      Case(kind: .binary, words: "bfloat16, one number out of few units") {
        $0.hidden = [64, 4]
        $0.precision = .bf16
        $0.clipNorm = 0.1
      },
    ]

  @Test(arguments: cases)
  func `any number of threads gives the same weights, bit for bit`(test: Case) throws {
    let sample = Self.sample(test.kind)
    let runs = try [1, 2, 3, 5].map { threads in
      let model = try Self.model(sample, threads: threads, test.change)
      var losses: [Double] = []
      for step in 0..<7 { losses.append(try model.trainStep(sample.batch(0..<(131 - 9 * step))).loss) }
      losses.append(try model.evaluate(sample.batch(pass: .validation)).loss)
      let predictions = Array(try model.evaluate(sample.batch(pass: .predict)).prediction.floats)
      return (model.everything, losses, predictions)
    }
    #expect(runs[0].1.allSatisfy { $0.isFinite } && runs[0].0.weights.allSatisfy { $0.isFinite })
    for run in runs.dropFirst() {
      let isEqual = (run.0 == runs[0].0, run.1 == runs[0].1, run.2 == runs[0].2)
      #expect(isEqual == (true, true, true), "weights and state, losses, predictions")
    }
  }

  @Test
  func `threads begin with the first batch that is worth it, and are gone after a reset and with the model`()
    throws
  {
    let sample = Self.sample(.classes)
    do {
      let model = try Self.model(sample, threads: 3)
      _ = try model.trainStep(sample.batch(0..<20))
      #expect(threads(awaiting: 0) == 0)
      _ = try model.trainStep(sample.batch())
      #expect(threads(awaiting: 2) == 2)
      try model.reset(seed: 7, task: sample.task)
      #expect(threads(awaiting: 0) == 0)
      _ = try model.trainStep(sample.batch())
      #expect(threads(awaiting: 0) == 0)
      var task = sample.task
      task.threads = 2
      try model.reset(seed: 7, task: task)
      _ = try model.trainStep(sample.batch())
      #expect(threads(awaiting: 1) == 1)
    }
    #expect(threads(awaiting: 0) == 0)
  }

  @Test func `models with threads train side by side`() async throws {
    let sample = Self.sample(.classes)
    let alone = try Self.model(sample, threads: 1)
    for _ in 0..<50 { _ = try alone.trainStep(sample.batch()) }
    let expected = alone.parameters
    let equal = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let sample = Self.sample(.classes)
          let model = try Self.model(sample, threads: 2)
          for _ in 0..<50 { _ = try model.trainStep(sample.batch()) }
          return model.parameters == expected
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(equal == [true, true, true, true])
  }

  /// Threads of models in this process, by their name. A joined one is in /proc a little longer.
  private func threads(awaiting wanted: Int? = nil) -> Int {
    var count = 0
    for _ in 0..<10_000 {
      count = 0
      guard let folder = opendir("/proc/self/task") else { return -1 }
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) {
          String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name.first != ".", comm(of: name) == "mlp-thread\n" { count += 1 }
      }
      closedir(folder)
      guard let wanted, count != wanted else { break }
      usleep(2000)
    }
    return count
  }

  private func comm(of task: String) -> String {
    guard let file = fopen("/proc/self/task/\(task)/comm", "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  private static func model(
    _ sample: Sample, threads: Int, _ change: @Sendable (inout Settings) -> Void = { _ in }
  ) throws -> MultilayerPerceptron {
    var settings = Settings()
    settings.hidden = [64]
    change(&settings)
    try settings.validate()
    let model = MultilayerPerceptron(settings)
    var task = sample.task
    task.threads = threads
    try model.reset(seed: 7, task: task)
    return model
  }
}
