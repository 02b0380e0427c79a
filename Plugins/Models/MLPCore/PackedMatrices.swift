import MLPKernels

/// The matrices of a network as products in bfloat16 want them: rounded, and packed into tiles. They are packed anew for
/// each batch; the parameters themselves stay in float32.
final class PackedMatrices {
  /// Rows of a batch, and inputs of a layer, that are packed together; inputs whose gradient is computed together.
  static let portion = (packed: 32, inputs: 16)

  private struct Places {
    /// What comes in, for the forward product and for the gradient of the weights.
    var input, inputTransposed: Int
    /// The gradient of the sums, for that of the inputs and for that of the weights.
    var delta, deltaRight: Int
    var weights, weightsTransposed: Int
  }

  private let kernels: Int32
  private let places: [Places]
  private let memory: FloatMemory
  private let base: UnsafeMutablePointer<UInt32>

  /// - Parameters:
  ///   - kernels: As `mlp_bf16_kernels` names them.
  ///   - rows: That there is room for.
  init(_ layout: Layout, kernels: Int32, rows: Int) throws {
    self.kernels = kernels
    var size = 0
    func room(_ width: Int, _ depth: Int) -> Int {
      defer { size += mlp_bf16_size(width, depth) }
      return size
    }
    places = layout.layers.map { layer in
      Places(
        input: room(rows, layer.inputs), inputTransposed: room(layer.inputs, rows),
        delta: room(rows, layer.outputs), deltaRight: room(layer.outputs, rows),
        weights: room(layer.outputs, layer.inputs), weightsTransposed: room(layer.inputs, layer.outputs))
    }
    memory = try FloatMemory(count: size, for: "the layers in bfloat16")
    base = UnsafeMutableRawPointer(memory.base).bindMemory(to: UInt32.self, capacity: size)
  }

  /// Packs the weights of some inputs of a layer.
  func pack(
    _ weights: UnsafePointer<Float>, of index: Int, _ layer: Layer, _ inputs: Range<Int>, isTraining: Bool
  ) {
    let (first, end) = (inputs.lowerBound, inputs.upperBound)
    mlp_bf16_right(base + places[index].weights, weights, layer.inputs, layer.outputs, first, end)
    guard isTraining, index > 0 else { return }
    mlp_bf16_right_transposed(
      base + places[index].weightsTransposed, weights, layer.inputs, layer.outputs, first, end)
  }

  /// z = x · w + bias, for some rows of a batch of `count`. `x` and `z` begin with the batch.
  func forward(
    _ z: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    _ rows: Range<Int>, of count: Int, _ index: Int, _ layer: Layer, isTraining: Bool
  ) {
    let (first, end) = (rows.lowerBound, rows.upperBound)
    let input = base + places[index].input
    mlp_bf16_left(input, x, count, layer.inputs, first, end)
    if isTraining {
      mlp_bf16_left_transposed(base + places[index].inputTransposed, x, count, layer.inputs, first, end)
    }
    mlp_bf16_multiply(
      kernels, z + first &* layer.outputs, layer.outputs, input + mlp_bf16_size(first, layer.inputs),
      base + places[index].weights, rows.count, layer.outputs, layer.inputs, 0, bias)
  }

  /// Packs the gradient of a layer's sums, and, for all layers but the first, e = d · wᵀ. `d` begins with the batch,
  /// `e` with the rows.
  func inputGradient(
    _ e: UnsafeMutablePointer<Float>, _ d: UnsafePointer<Float>, _ rows: Range<Int>, of count: Int,
    _ index: Int, _ layer: Layer
  ) {
    let (first, end) = (rows.lowerBound, rows.upperBound)
    mlp_bf16_right(base + places[index].deltaRight, d, count, layer.outputs, first, end)
    guard index > 0 else { return }
    let delta = base + places[index].delta
    mlp_bf16_left(delta, d, count, layer.outputs, first, end)
    mlp_bf16_multiply(
      kernels, e, layer.inputs, delta + mlp_bf16_size(first, layer.outputs),
      base + places[index].weightsTransposed, rows.count, layer.inputs, layer.outputs, 0, nil)
  }

  /// g = xᵀ · d for the weights of some inputs.
  func weightGradient(
    _ g: UnsafeMutablePointer<Float>, rows: Int, _ index: Int, _ layer: Layer, adding: Bool,
    inputs first: Int,
    _ count: Int
  ) {
    mlp_bf16_multiply(
      kernels, g + first &* layer.outputs, layer.outputs,
      base + places[index].inputTransposed + mlp_bf16_size(first, rows), base + places[index].deltaRight,
      count,
      layer.outputs, rows, adding ? 1 : 0, nil)
  }
}
