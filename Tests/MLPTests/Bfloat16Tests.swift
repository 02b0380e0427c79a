import MLPCore
import MLPKernels
import PluginKit
import Testing

/// Products in bfloat16, where the processor has them: by vectors, and by its tile unit if there is one.
@Suite struct Bfloat16Tests {
  static let isThere = mlp_bf16_kernels() != MLP_BF16_NONE
  static let kernels = [MLP_BF16_VECTORS, MLP_BF16_TILES].filter { $0 <= mlp_bf16_kernels() }

  private typealias Packing = (UnsafeMutablePointer<UInt32>, UnsafePointer<Float>, Int, Int, Int, Int) -> Void

  /// Packs in two portions, of which the first has 32 rows.
  private func packed(_ x: [Float], _ rows: Int, _ width: Int, depth: Int, _ pack: Packing) -> [UInt32] {
    let columns = x.count / rows
    var tiles = [UInt32](repeating: .max, count: mlp_bf16_size(width, depth))
    pack(&tiles, x, rows, columns, 0, min(32, rows))
    if rows > 32 { pack(&tiles, x, rows, columns, 32, rows) }
    return tiles
  }

  /// To the nearest number of 8 bits, of two that are as near to the even one.
  private func rounded(_ x: Float) -> Double {
    let bits = x.bitPattern
    return Double(Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000))
  }

  @Test(.enabled(if: isThere), arguments: kernels, KernelTests.shapes)
  func `the products agree with sums in double of rounded numbers`(
    kernels: Int32, shape: (rows: Int, inputs: Int, outputs: Int)
  ) {
    let (rows, inputs, outputs) = shape
    var layer = LayerCase(rows, inputs, outputs, unit: 47)
    let (x, w, d) = (layer.x, layer.w, layer.d)
    mlp_bf16_multiply(
      kernels, &layer.z, outputs, packed(x, rows, rows, depth: inputs, mlp_bf16_left),
      packed(w, inputs, outputs, depth: inputs, mlp_bf16_right), rows, outputs, inputs, 0, layer.bias)
    mlp_bf16_multiply(
      kernels, &layer.e, inputs, packed(d, rows, rows, depth: outputs, mlp_bf16_left),
      packed(w, inputs, inputs, depth: outputs, mlp_bf16_right_transposed), rows, inputs, outputs, 0, nil)
    for add: Int32 in [0, 1] {
      mlp_bf16_multiply(
        kernels, &layer.g, outputs, packed(x, rows, inputs, depth: rows, mlp_bf16_left_transposed),
        packed(d, rows, outputs, depth: rows, mlp_bf16_right), inputs, outputs, rows, add, nil)
    }
    #expect(layer.farthest(rounded) < 3e-4)
    #expect(layer.isIntactBehind)
  }

  @Test(.enabled(if: isThere), arguments: [TaskKind.binary, .classes, .regression])
  func `training in bfloat16 goes as in float32, nearly`(kind: TaskKind) throws {
    let sample = Sample(kind, rows: 40, width: 20, outputs: kind == .classes ? 3 : 1)
    let models = try Precision.allCases.map { precision in
      try MultilayerPerceptron(sample) {
        $0.hidden = [24, 20]
        $0.precision = precision
      }
    }
    var losses: [[Double]] = []
    for model in models {
      losses.append(try (0..<60).map { _ in try model.trainStep(sample.batch()).loss })
    }
    #expect(losses[0] != losses[1], "something is rounded")
    #expect(abs(losses[1][0] - losses[0][0]) < 0.01)
    #expect(losses[1][59] < 0.8 * losses[1][0])
    #expect(abs(losses[1][59] - losses[0][59]) < 0.05 * losses[0][0])
    let predictions = try models.map {
      Array(try $0.evaluate(sample.batch(pass: .predict)).prediction.floats)
    }
    #expect(zip(predictions[0], predictions[1]).allSatisfy { abs($0 - $1) < 0.1 })
  }

  @Test(.enabled(if: isThere)) func `after a reset an instance is as a new one, and a saved run continues`()
    throws
  {
    let sample = Sample(.classes, rows: 40, width: 20, outputs: 3)
    func model() throws -> MultilayerPerceptron {
      try MultilayerPerceptron(sample) {
        $0.hidden = [24]
        $0.precision = .bf16
        $0.accumulateGradBatches = 2
        $0.clipNorm = 1
      }
    }
    let used = try model()
    for step in 0..<5 { _ = try used.trainStep(sample.batch(0..<40 - 7 * step)) }
    let saved = used.everything
    let resumed = try model()
    try resumed.restore(saved)
    for _ in 0..<3 {
      #expect(try used.trainStep(sample.batch()).loss == (try resumed.trainStep(sample.batch())).loss)
    }
    #expect(used.everything == resumed.everything)
    try used.reset(seed: 7, task: sample.task)
    let new = try model()
    for _ in 0..<3 { for model in [used, new] { _ = try model.trainStep(sample.batch()) } }
    #expect(used.everything == new.everything)
  }

  @Test(.enabled(if: !isThere)) func `a processor without it is told of`() {
    var settings = Settings()
    settings.precision = .bf16
    #expect(throws: PluginError.self) { try settings.validate() }
  }
}
