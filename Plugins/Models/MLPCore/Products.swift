import MLPKernels
import PluginKit

/// The three products of a dense layer, and who does them: plain kernels where the products are small, kernels for
/// AVX-512 where there is one and a cache holds what they need, and OpenBLAS for all else. It depends on sizes, threads
/// and processor alone, so the same run takes the same way.
struct Products {
  let threads: Int
  private let hasKernels = mlp_has_dense_kernels() != 0

  /// Products that are not small are in bfloat16, and not done here.
  private let isHalf: Bool

  init(threads: Int, isHalf: Bool) {
    self.threads = max(1, threads)
    self.isHalf = isHalf
  }

  private enum Way {
    case small, dense, library
  }

  /// Rows of a left matrix, of which the second-level cache holds a block.
  private static let mostRows = 4096
  /// Columns of a right matrix, 15 rows of which are still counted in 32 bits.
  private static let mostOutputs = 1 << 27

  /// - Parameter rows: Of the whole batch, also where a part of it is multiplied: then all parts take one way.
  @inline(__always) private func way(_ rows: Int, _ layer: Layer) -> Way {
    let size = rows &* layer.weightCount
    if size <= Int(MLP_SMALL_PRODUCT) { return .small }
    if isHalf { return .dense }
    guard hasKernels else { return .library }
    return rows <= Self.mostRows && layer.inputs <= Self.mostRows && layer.outputs <= Self.mostOutputs
      ? .dense : .library
  }

  /// Whether none of a batch's products is the library's.
  func areOwn(rows: Int, _ layout: Layout) -> Bool {
    layout.layers.allSatisfy { way(rows, $0) != .library }
  }

  /// Whether plain loops do a layer's products.
  func areSmall(rows: Int, _ layer: Layer) -> Bool { way(rows, layer) == .small }

  /// Opens OpenBLAS if batches of so many rows, or fewer, need it. Its threads are the process's: workers that train side
  /// by side are given the same number by their host, so that none changes it under another.
  func prepare(rows: Int, _ layout: Layout) throws {
    guard !areOwn(rows: rows, layout) else { return }
    guard mlp_blas_open(Int32(clamping: threads)) != 0 else {
      throw PluginError(
        "OpenBLAS cannot be opened, which multiplies matrices as large as those of this model",
        help: "install it, so that the system finds libopenblas.so.0: apt install libopenblas0")
    }
  }

  /// z[rows, outputs] = x[rows, inputs] · w[inputs, outputs] + bias[outputs]
  func forward(
    _ z: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, rows: Int, of batch: Int, _ layer: Layer
  ) {
    switch way(batch, layer) {
    case .small: mlp_small_forward(z, x, w, bias, rows, layer.inputs, layer.outputs)
    case .dense: mlp_dense_forward(z, x, w, bias, rows, layer.inputs, layer.outputs)
    case .library: mlp_blas_forward(z, x, w, bias, rows, layer.inputs, layer.outputs)
    }
  }

  /// g[inputs, outputs] = xᵀ · d, added to what is there if `adding`.
  func weightGradient(
    _ g: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ d: UnsafePointer<Float>, rows: Int,
    _ layer: Layer, adding: Bool
  ) {
    let add: Int32 = adding ? 1 : 0
    switch way(rows, layer) {
    case .small: mlp_small_weight_gradient(g, x, d, rows, layer.inputs, layer.outputs, add)
    case .dense: mlp_dense_weight_gradient(g, x, d, rows, layer.inputs, layer.outputs, add)
    case .library: mlp_blas_weight_gradient(g, x, d, rows, layer.inputs, layer.outputs, add)
    }
  }

  /// The same for the weights of some inputs. Small products are not divided: all of it comes with the first of them.
  func weightGradient(
    _ g: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ d: UnsafePointer<Float>, rows: Int,
    _ layer: Layer, adding: Bool, inputs first: Int, _ count: Int
  ) {
    if way(rows, layer) == .dense {
      mlp_dense_weight_gradient_part(
        g, x, d, rows, layer.inputs, layer.outputs, adding ? 1 : 0, first, count)
    } else if first == 0 {
      weightGradient(g, x, d, rows: rows, layer, adding: adding)
    }
  }

  /// e[rows, inputs] = d[rows, outputs] · wᵀ
  func inputGradient(
    _ e: UnsafeMutablePointer<Float>, _ d: UnsafePointer<Float>, _ w: UnsafePointer<Float>, rows: Int,
    of batch: Int, _ layer: Layer
  ) {
    switch way(batch, layer) {
    case .small: mlp_small_input_gradient(e, d, w, rows, layer.inputs, layer.outputs)
    case .dense: mlp_dense_input_gradient(e, d, w, rows, layer.inputs, layer.outputs)
    case .library: mlp_blas_input_gradient(e, d, w, rows, layer.inputs, layer.outputs)
    }
  }
}
