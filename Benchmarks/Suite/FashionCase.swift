import Baselines
import Glibc
import MLPKernels
import Support
import Trainyard

extension Bench {
  /// Epochs of Fashion-MNIST with all that people have on, beside the matrix products of the same epochs in the same
  /// BLAS.
  func fashion() throws -> [Figure] {
    guard FashionMNIST.isThere else { return [] }
    let lines = [
      ("fashion-1", [128], 128, 1, "float32"), ("fashion-2", [128], 128, 2, "float32"),
      ("wide-1", [512, 512], 256, 1, "float32"), ("wide-2", [512, 512], 256, 2, "float32"),
      ("fashion-bf16", [128], 128, 1, "bf16"), ("wide-bf16", [512, 512], 256, 1, "bf16"),
    ]
    return try lines.filter { isWanted($0.0) && ($0.4 == "float32" || hasHalf) }.map {
      name, hidden, batch, threads, precision in
      try fashion(name, hidden, batch: batch, threads: threads, precision: precision)
    }
  }

  private var hasHalf: Bool { mlp_bf16_kernels() != MLP_BF16_NONE }

  private func pipeline(
    _ hidden: [Int], batch: Int, threads: Int, epochs: Int, limit: Int?, precision: String = "float32"
  ) -> String {
    """
    data:
      train: \(FashionMNIST.dataset("train", limit: limit))
      validation: \(FashionMNIST.dataset("t10k", limit: limit))
      scale: 255
    model: {plugin: mlp, hidden: \(hidden), optimizer: adam, learning_rate: 0.001, precision: \(precision)}
    train: {epochs: \(epochs), batch_size: \(batch), validation_batch_size: 1000, threads: \(threads)}
    monitors: [accuracy]
    callbacks:
      - {plugin: early-stopping, monitor: val_loss, patience: 3}
      - {plugin: csv-logger}
      - {plugin: model-checkpoint, monitor: val_loss, save_best_only: true}
    """
  }

  private func fashion(
    _ name: String, _ hidden: [Int], batch: Int, threads: Int, precision: String
  ) throws -> Figure {
    let limit = isSmoke ? 1000 : nil
    let plan = try plan(
      pipeline(hidden, batch: batch, threads: threads, epochs: 3, limit: limit, precision: precision),
      folder: folder("runs"))
    let products = Products(
      sizes: [784] + hidden + [10], batch: batch, rows: limit ?? 60_000, validation: limit ?? 10_000)
    let values = try plan.withSession { session in
      // The first epoch of a process is not like the others: memory is touched for the first time.
      _ = try Bench.epochs(session.fit())
      return try Rounds.alternate(
        max(1, rounds / 2),
        [
          { Rounds.median(try Bench.epochs(session.fit())) },
          { Rounds.median(try (0..<3).map { _ in try products.seconds(threads: threads) }) },
        ])
    }
    let rate = (values[1] / values[0]).map { $0 * 100 }
    let median = Rounds.median(values[0])
    return Figure(
      name, rounds: rate,
      parts: [
        ("epoch_s", median), ("products_s", Rounds.median(values[1])),
        ("gflops", products.operations / median / 1e9),
      ])
  }

  /// Accuracy over five seeds, with nothing but the training.
  func accuracy() throws -> [Figure] {
    guard FashionMNIST.isThere else { return [] }
    let single = try accuracies(precision: "float32")
    var figures = [accuracy("accuracy", Self.mean(single), of: single)]
    if hasHalf, isWanted("accuracy-bf16") {
      let half = try accuracies(precision: "bf16")
      figures.append(accuracy("accuracy-bf16", Self.mean(half) - Self.mean(single), of: half))
    }
    return figures
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  private func accuracy(_ name: String, _ value: Double, of values: [Double]) -> Figure {
    Figure(
      name, value, parts: [("lowest", values.min() ?? .nan), ("highest", values.max() ?? .nan)])
  }

  private func accuracies(precision: String) throws -> [Double] {
    let limit = isSmoke ? 1000 : nil
    let plan = try plan(
      pipeline(
        [128], batch: 128, threads: 1, epochs: isSmoke ? 1 : 5, limit: limit, precision: precision),
      folder: folder("runs"))
    return try plan.withSession { session in
      try (1...5).map { seed in
        let report = try session.fit(seed: UInt64(seed))
        _ = try Bench.epochs(report)
        return report.result.series("val_accuracy").last ?? .nan
      }
    }
  }
}

/// The matrix products of an epoch in OpenBLAS, with the kernels that it should have chosen, on memory of their own.
private final class Products {
  private let sizes: [Int]
  private let batch: Int
  private let rows: Int
  private let validation: Int
  private let memory: UnsafeMutablePointer<Float>
  private let largest: Int

  init(sizes: [Int], batch: Int, rows: Int, validation: Int) {
    self.sizes = sizes
    self.batch = batch
    self.rows = rows
    self.validation = validation
    let widest = sizes.max() ?? 1
    largest = widest * max(widest, batch, 1000)
    memory = .allocate(capacity: 3 * largest)
    for index in 0..<3 * largest { memory[index] = Float(index % 7) * 0.01 }
  }

  deinit { memory.deallocate() }

  private var weights: [Int] { zip(sizes, sizes.dropFirst()).map { $0 * $1 } }

  /// Multiplications and additions of an epoch, its validation included.
  var operations: Double {
    let all = weights.reduce(0, +)
    return Double(rows) * Double(6 * all - 2 * weights[0]) + Double(validation) * Double(2 * all)
  }

  func seconds(threads: Int) throws -> Double {
    guard mlp_blas_open(Int32(threads)) != 0 else { throw TestError("OpenBLAS cannot be opened") }
    let start = baseline_now()
    var row = 0
    while row < rows {
      let count = min(batch, rows - row)
      forward(count)
      for layer in (0..<sizes.count - 1).reversed() {
        let (inputs, outputs) = (sizes[layer], sizes[layer + 1])
        mlp_blas_multiply(result, left, 1, right, 0, inputs, outputs, count, 0)
        if layer > 0 { mlp_blas_multiply(result, left, 0, right, 1, count, inputs, outputs, 0) }
      }
      row += count
    }
    row = 0
    while row < validation {
      forward(min(1000, validation - row))
      row += 1000
    }
    return baseline_now() - start
  }

  private func forward(_ count: Int) {
    for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
      mlp_blas_multiply(result, left, 0, right, 0, count, outputs, inputs, 0)
    }
  }

  private var left: UnsafeMutablePointer<Float> { memory }
  private var right: UnsafeMutablePointer<Float> { memory + largest }
  private var result: UnsafeMutablePointer<Float> { memory + 2 * largest }
}
