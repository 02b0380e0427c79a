import Glibc
import MLPKernels
import Testing

@Suite struct KernelTests {
  private typealias Function = @Sendable (Double) -> Double

  private static let density: Function = { 0.3989422804014327 * exp(-$0 * $0 / 2) }
  private static let normal: Function = { 0.5 * erfc(-$0 / 2.0.squareRoot()) }
  private static let logistic: Function = { 1 / (1 + exp(-$0)) }

  @Test func `activations and slopes agree with libm`() {
    let functions: [(Int32, Function, Function)] = [
      (MLP_RELU, { max(0, $0) }, { $0 > 0 ? 1 : 0 }),
      (MLP_TANH, { tanh($0) }, { 1 - tanh($0) * tanh($0) }),
      (MLP_GELU, { $0 * Self.normal($0) }, { Self.normal($0) + $0 * Self.density($0) }),
      (MLP_SIGMOID, Self.logistic, { Self.logistic($0) * (1 - Self.logistic($0)) }),
    ]
    let inputs = (-4000...4000).map { Float($0) / 200 } + [-1e4, -100, 100, 1e4, 1e-20]
    for (activation, value, slope) in functions {
      var (values, slopes) = (inputs, inputs)
      mlp_activate(&values, &slopes, inputs.count, activation)
      for (index, x) in inputs.map({ Double($0) }).enumerated() {
        #expect(
          abs(Double(values[index]) - value(x)) <= 4e-7 * max(1, abs(value(x))), "\(activation) at \(x)")
        #expect(abs(Double(slopes[index]) - slope(x)) <= 6e-7, "slope of \(activation) at \(x)")
      }
      var alone = inputs
      mlp_activate(&alone, nil, inputs.count, activation)
      #expect(alone == values)
    }
  }

  @Test func `tanh keeps its digits near 0`() {
    var values: [Float] = (1...400).map { Float($0) / 1000 }
    let inputs = values
    mlp_activate(&values, nil, values.count, MLP_TANH)
    for (x, y) in zip(inputs, values) { #expect(abs(Double(y) / tanh(Double(x)) - 1) < 5e-7) }
  }

  @Test func `NaN stays NaN`() {
    for activation in [MLP_RELU, MLP_TANH, MLP_GELU, MLP_SIGMOID] {
      var values = [Float](repeating: .nan, count: 20)
      mlp_activate(&values, nil, 20, activation)
      #expect(values.allSatisfy { $0.isNaN })
    }
  }

  @Test func `losses stay finite at the ends`() {
    var z: [Float] = [1000, -1000, 50, -50]
    var losses = [Float](repeating: 0, count: 4)
    mlp_logistic(&z, &losses, [0, 1, 1, 0], 4)
    #expect(losses[0] == 1000 && losses[1] == 1000 && losses[2] < 1e-15 && losses[3] < 1e-15)
    z = [1000, -1000, 0, 0, 3, -1000]
    mlp_softmax(&z, &losses, [0, 2], 2, 3)
    #expect(losses[0] == 0 && losses[1] > 1003 && losses[1] < 1003.1 && z.allSatisfy { $0 >= 0 && $0 <= 1 })
  }

  @Test(arguments: [1, 2, 3, 5, 8, 13, 16], [1, 3, 7, 8, 9])
  func `small products agree with the definition`(inputs: Int, outputs: Int) {
    let rows = 6
    let x = (0..<rows * inputs).map { Float(($0 * 7) % 11) - 5 }
    let w = (0..<inputs * outputs).map { Float(($0 * 5) % 13) - 6 }
    let d = (0..<rows * outputs).map { Float(($0 * 3) % 7) - 3 }
    let bias = (0..<outputs).map { Float($0) }
    var z = [Float](repeating: .nan, count: rows * outputs)
    var g = [Float](repeating: 2, count: inputs * outputs)
    var e = [Float](repeating: .nan, count: rows * inputs)
    var sums = [Float](repeating: .nan, count: outputs)
    mlp_small_forward(&z, x, w, bias, rows, inputs, outputs)
    mlp_small_weight_gradient(&g, x, d, rows, inputs, outputs, 1)
    mlp_small_input_gradient(&e, d, w, rows, inputs, outputs)
    mlp_column_sums(&sums, d, rows, outputs, outputs, 0)

    for i in 0..<rows {
      for o in 0..<outputs {
        let sum = (0..<inputs).reduce(bias[o]) { $0 + x[i * inputs + $1] * w[$1 * outputs + o] }
        #expect(z[i * outputs + o] == sum)
      }
      for k in 0..<inputs {
        let sum = (0..<outputs).reduce(Float(0)) { $0 + d[i * outputs + $1] * w[k * outputs + $1] }
        #expect(e[i * inputs + k] == sum)
      }
    }
    for o in 0..<outputs {
      for k in 0..<inputs {
        let sum = (0..<rows).reduce(Float(2)) { $0 + x[$1 * inputs + k] * d[$1 * outputs + o] }
        #expect(g[k * outputs + o] == sum)
      }
      #expect(sums[o] == (0..<rows).reduce(Float(0)) { $0 + d[$1 * outputs + o] })
    }
  }

  /// Rows, inputs, outputs: with and without remainders of tiles, vectors and blocks of depth.
  static let shapes = [
    (1, 1, 1), (5, 3, 7), (32, 64, 32), (33, 31, 100), (100, 1, 200), (7, 300, 17), (128, 128, 10),
    (20, 140, 259), (13, 129, 65), (3, 513, 47), (6, 128, 64),
  ]

  private typealias Forward = (
    UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int, Int,
    Int
  ) -> Void
  private typealias WeightGradient = (
    UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, Int, Int32
  ) -> Void
  private typealias InputGradient = (
    UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, Int
  ) -> Void

  @Test(.enabled(if: mlp_has_dense_kernels() != 0), arguments: shapes)
  func `the products for AVX-512 agree with sums in double`(rows: Int, inputs: Int, outputs: Int) {
    check(rows, inputs, outputs, mlp_dense_forward, mlp_dense_weight_gradient, mlp_dense_input_gradient)
  }

  @Test(.enabled(if: mlp_blas_open(1) != 0), arguments: shapes)
  func `the products in OpenBLAS agree with sums in double`(rows: Int, inputs: Int, outputs: Int) {
    check(rows, inputs, outputs, mlp_blas_forward, mlp_blas_weight_gradient, mlp_blas_input_gradient)
  }

  private func check(
    _ rows: Int, _ inputs: Int, _ outputs: Int, _ forward: Forward, _ weightGradient: WeightGradient,
    _ inputGradient: InputGradient
  ) {
    var layer = LayerCase(rows, inputs, outputs, unit: 50)
    forward(&layer.z, layer.x, layer.w, layer.bias, rows, inputs, outputs)
    inputGradient(&layer.e, layer.d, layer.w, rows, inputs, outputs)
    for add: Int32 in [0, 1] { weightGradient(&layer.g, layer.x, layer.d, rows, inputs, outputs, add) }
    #expect(layer.farthest() < 2e-4)
    #expect(layer.isIntactBehind)
  }
}
