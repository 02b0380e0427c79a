import COpenBLAS
import MLPKernels
import Synchronization

/// The three products of a dense layer. Small ones are done by plain kernels, which have no cost of their
/// own; which one does it depends on the sizes alone.
enum BLAS {
  private static let kernelsAreChosen: Void = mlp_choose_blas_kernels()

  private static let setting = Mutex(())

  /// The library's threads are the process's: set when a run begins. Workers of one process that train side by side
  /// are given the same number by their host, so that none changes it under another.
  static func prepare(threads: Int) {
    _ = kernelsAreChosen
    let threads = Int32(clamping: max(1, threads))
    setting.withLock { _ in
      if openblas_get_num_threads() != threads { openblas_set_num_threads(threads) }
    }
  }

  /// z[rows, outputs] = x[rows, inputs] · w[inputs, outputs] + bias[outputs]
  static func forward(
    _ z: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, rows: Int, _ layer: Layer
  ) {
    let (inputs, outputs) = (layer.inputs, layer.outputs)
    if rows &* layer.weightCount <= Int(MLP_SMALL_PRODUCT) {
      mlp_small_forward(z, x, w, bias, rows, inputs, outputs)
    } else {
      let (m, n, k) = (Int32(rows), Int32(outputs), Int32(inputs))
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, x, k, w, n, 0, z, n)
      mlp_add_bias(z, bias, rows, outputs)
    }
  }

  /// g[inputs, outputs] = xᵀ · d, added to what is there if `adding`.
  static func weightGradient(
    _ g: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ d: UnsafePointer<Float>, rows: Int,
    _ layer: Layer, adding: Bool
  ) {
    let (inputs, outputs) = (layer.inputs, layer.outputs)
    if rows &* layer.weightCount <= Int(MLP_SMALL_PRODUCT) {
      mlp_small_weight_gradient(g, x, d, rows, inputs, outputs, adding ? 1 : 0)
    } else {
      let (m, n, k) = (Int32(inputs), Int32(outputs), Int32(rows))
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, x, m, d, n, adding ? 1 : 0, g, n)
    }
  }

  /// e[rows, inputs] = d[rows, outputs] · wᵀ
  static func inputGradient(
    _ e: UnsafeMutablePointer<Float>, _ d: UnsafePointer<Float>, _ w: UnsafePointer<Float>, rows: Int,
    _ layer: Layer
  ) {
    let (inputs, outputs) = (layer.inputs, layer.outputs)
    if rows &* layer.weightCount <= Int(MLP_SMALL_PRODUCT) {
      mlp_small_input_gradient(e, d, w, rows, inputs, outputs)
    } else {
      let (m, n, k) = (Int32(rows), Int32(inputs), Int32(outputs))
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, d, k, w, k, 0, e, n)
    }
  }
}
