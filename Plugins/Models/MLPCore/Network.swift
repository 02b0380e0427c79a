import MLPKernels
import PluginKit

/// The layers of one shape, with their memory: forward and backward, without an optimizer.
///
/// The gradient is that of Σwl, not divided by Σw, so that batches can be added up exactly.
final class Network {
  let layout: Layout
  let output: OutputLayer
  let activation: Int32

  /// Four rows of `layout.parameterCount`: parameters, gradient, and two that belong to the optimizer.
  private let memory: FloatMemory
  let parameters: UnsafeMutablePointer<Float>
  let gradient: UnsafeMutablePointer<Float>
  let first: UnsafeMutablePointer<Float>
  let second: UnsafeMutablePointer<Float>

  /// Who multiplies; set for each run, by `prepare`.
  private(set) var products = Products(threads: 1, isHalf: false)
  /// Those that share a batch; `nil`: one thread.
  private(set) var team: Team?
  /// What the team does at the moment.
  var job = Job.none

  private var workspace: FloatMemory
  /// Rows that the workspace has room for.
  private var capacity = 0
  /// As `mlp_bf16_kernels` names them, where products are in bfloat16.
  private let halfKernels: Int32
  /// `nil`: products are in float32.
  private(set) var packed: PackedMatrices?

  init(_ layout: Layout, _ output: OutputLayer, _ settings: Settings) throws {
    self.layout = layout
    self.output = output
    self.activation =
      switch settings.activation {
      case .relu: MLP_RELU
      case .tanh: MLP_TANH
      case .gelu: MLP_GELU
      case .sigmoid: MLP_SIGMOID
      }
    halfKernels = settings.precision == .bf16 ? mlp_bf16_kernels() : MLP_BF16_NONE
    let count = layout.parameterCount
    memory = try FloatMemory(count: 4 * count, for: "the weights and the optimizer")
    parameters = memory.base
    gradient = parameters + count
    first = gradient + count
    second = first + count
    workspace = try FloatMemory(count: 0, for: "the layers' values")
  }

  /// Before a run: how many threads it may use, and how many rows its batches are likely to have.
  func prepare(threads: Int, rows: Int) throws {
    products = Products(threads: threads, isHalf: halfKernels != MLP_BF16_NONE)
    try products.prepare(rows: max(rows, capacity), layout)
    // Threads do not outlive their run.
    team = nil
    team = try threads > 1 ? Team(threads: threads) : nil
  }

  /// Makes room for a batch. Only a batch larger than all before it allocates.
  func reserve(rows: Int) throws {
    guard rows > capacity else { return }
    try products.prepare(rows: FloatMemory.padded(rows), layout)
    let room = FloatMemory.padded(rows)
    let (count, overflow) = room.multipliedReportingOverflow(by: layout.workspaceWidth)
    workspace = try FloatMemory(count: overflow ? Int.max : count, for: "the layers' values")
    if halfKernels != MLP_BF16_NONE {
      packed = try PackedMatrices(layout, kernels: halfKernels, rows: room)
    }
    capacity = room
  }

  @inline(__always) func work(_ offset: Int) -> UnsafeMutablePointer<Float> {
    workspace.base + offset &* capacity
  }

  var predictions: UnsafeMutablePointer<Float> { work(layout.layers[layout.layers.count - 1].values) }
  var losses: UnsafeMutablePointer<Float> { work(layout.losses) }

  // MARK: Forward

  /// Fills predictions, and each row's loss where there is a target. In training values are dropped, by draws
  /// of the progress's stream, and slopes are kept for `backward`.
  func forward(_ examples: Examples, training progress: UnsafeMutablePointer<Progress>?) {
    if isInShares(rows: examples.rows) {
      forwardInShares(examples, training: progress?.pointee)
      if let progress, progress.pointee.dropout > 0 {
        progress.pointee.dropoutDraws &+= UInt64(layout.layers.count - 1)
      }
      return
    }
    let products = products
    var input = examples.features
    let last = layout.layers.count - 1
    for index in 0...last {
      let layer = layout.layers[index]
      let values = work(layer.values)
      products.forward(
        values, input, parameters + layer.weights, bias: parameters + layer.bias, rows: examples.rows,
        of: examples.rows, layer)
      if index < last { activate(layer, values, rows: examples.rows, progress) }
      input = UnsafePointer(values)
    }
    output.activate(predictions, losses: losses, examples)
  }

  @inline(__always) private func activate(
    _ layer: Layer, _ values: UnsafeMutablePointer<Float>, rows: Int,
    _ progress: UnsafeMutablePointer<Progress>?
  ) {
    let count = rows &* layer.outputs
    guard let progress else { return mlp_activate(values, nil, count, activation) }
    let slopes = work(layer.slopes)
    mlp_activate(values, slopes, count, activation)
    if progress.pointee.dropout > 0 {
      mlp_dropout(values, slopes, 0, count, progress.pointee.dropout, progress.pointee.nextDropoutKey())
    }
  }

  /// Σwl / Σw of the last forward pass; NaN without a target, 0 where all weights are 0.
  func meanLoss(_ examples: Examples) -> Double {
    guard examples.hasTarget else { return .nan }
    guard examples.weightSum > 0 else { return 0 }
    guard let weights = examples.weights else { return mlp_sum(losses, examples.rows) / examples.weightSum }
    return mlp_dot(losses, weights, examples.rows) / examples.weightSum
  }

  /// Σw² over the weights of all layers, without biases.
  var squaredWeights: Double {
    layout.layers.reduce(0) { sum, layer in
      sum + mlp_dot(parameters + layer.weights, parameters + layer.weights, layer.weightCount)
    }
  }

  // MARK: Backward

  /// The gradient of Σwl of the last forward pass, added to the one that is there if `adding`.
  func backward(_ examples: Examples, adding: Bool) {
    if isInShares(rows: examples.rows) {
      return share(.gradient(examples, adding: adding, then: nil), rows: examples.rows)
    }
    let products = products
    var delta = work(layout.deltas.0)
    var spare = work(layout.deltas.1)
    output.gradient(delta, of: predictions, examples)
    var index = layout.layers.count - 1
    while true {
      let layer = layout.layers[index]
      let input = index == 0 ? examples.features : UnsafePointer(work(layout.layers[index - 1].values))
      products.weightGradient(
        gradient + layer.weights, input, delta, rows: examples.rows, layer, adding: adding)
      mlp_column_sums(
        gradient + layer.bias, delta, examples.rows, layer.outputs, layer.outputs, adding ? 1 : 0)
      if index == 0 { return }
      products.inputGradient(
        spare, delta, parameters + layer.weights, rows: examples.rows, of: examples.rows, layer)
      mlp_multiply(spare, work(layout.layers[index - 1].slopes), examples.rows &* layer.inputs)
      swap(&delta, &spare)
      index -= 1
    }
  }

  /// One optimizer step, by all threads where there are several and it is worth it.
  func apply(_ update: Update) {
    if isInShares(rows: capacity) { return share(.update(update), rows: capacity) }
    update.apply(to: self, from: 0, count: layout.parameterCount)
  }
}
