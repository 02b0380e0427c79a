import CTrainyard
import Glibc
import Training

/// Weights in the contract's form, with memory of its own for names and sizes.
final class CWeights {
  private(set) var pointers: [UnsafePointer<ty_weight>?] = []
  private let rows: UnsafeMutablePointer<ty_weight>
  private let layouts: [CTensor]

  init(_ weights: [NamedTensor]) {
    rows = .allocate(capacity: max(1, weights.count))
    layouts = weights.map { _ in CTensor() }
    for (index, weight) in weights.enumerated() {
      (rows + index).initialize(
        to: ty_weight(
          struct_size: UInt32(MemoryLayout<ty_weight>.size), trainable: weight.isTrainable ? 1 : 0,
          name: UnsafePointer(strdup(weight.name)), tensor: layouts[index].describe(weight.tensor)))
      pointers.append(UnsafePointer(rows + index))
    }
  }

  deinit {
    for index in pointers.indices { free(UnsafeMutablePointer(mutating: rows[index].name)) }
    rows.deallocate()
  }
}
