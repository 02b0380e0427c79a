import CTrainyard
import Training

extension Training.ElementType {
  init?(_ type: ty_dtype) {
    switch (Int32(type.code), type.bits, type.lanes) {
    case (TY_DTYPE_UINT, 8, 1): self = .uint8
    case (TY_DTYPE_INT, 32, 1): self = .int32
    case (TY_DTYPE_INT, 64, 1): self = .int64
    case (TY_DTYPE_FLOAT, 32, 1): self = .float32
    case (TY_DTYPE_FLOAT, 64, 1): self = .float64
    default: return nil
    }
  }

  var cType: ty_dtype {
    let code: Int32 =
      switch self {
      case .uint8: TY_DTYPE_UINT
      case .int32, .int64: TY_DTYPE_INT
      case .float32, .float64: TY_DTYPE_FLOAT
      }
    return ty_dtype(code: UInt8(code), bits: UInt8(size * 8), lanes: 1)
  }
}

extension Tensor {
  /// A view of a plugin's tensor. `nil` where it is missing, of an unknown type, on another device or not
  /// contiguous: what a plugin hands out is believed only as far as it can be checked.
  init?(borrowing tensor: ty_tensor) {
    guard let data = tensor.data, let type = Training.ElementType(tensor.dtype),
      tensor.device.type == TY_DEVICE_CPU,
      (0...CTensor.maximumRank).contains(Int(tensor.ndim)), tensor.ndim == 0 || tensor.shape != nil,
      let offset = Int(exactly: tensor.byte_offset)
    else { return nil }
    var shape: [Int] = []
    var count = 1
    for dimension in 0..<Int(tensor.ndim) {
      guard let size = Int(exactly: tensor.shape[dimension]), size >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
      guard !overflow, product < 1 << 48 else { return nil }
      count = product
      shape.append(size)
    }
    var expected: Int64 = 1
    for dimension in shape.indices.reversed() where tensor.strides != nil {
      guard shape[dimension] <= 1 || tensor.strides[dimension] == expected else { return nil }
      expected *= Int64(max(shape[dimension], 1))
    }
    self.init(data + offset, type, shape: shape)
  }
}

extension NamedTensor {
  /// A copy of a weight that a plugin hands over.
  init?(copying pointer: UnsafePointer<ty_weight>) {
    guard let name = pointer.pointee.name, let view = Tensor(borrowing: pointer.pointee.tensor) else {
      return nil
    }
    self.init(
      name: String(cString: name), tensor: view.copy(), isTrainable: pointer.pointee.trainable != 0)
  }
}

/// Sizes and strides of a tensor in the contract's form, in memory that is kept: a batch is described anew in each
/// step, and that allocates nothing.
final class CTensor {
  static let maximumRank = 8
  private let sizes = UnsafeMutablePointer<Int64>.allocate(capacity: 2 * maximumRank)

  deinit { sizes.deallocate() }

  /// The tensor in the contract's form; valid until the next call.
  func describe(_ tensor: Tensor?) -> ty_tensor {
    guard let tensor else { return ty_tensor() }
    let rank = min(tensor.shape.count, Self.maximumRank)
    let strides = sizes + Self.maximumRank
    var step: Int64 = 1
    for dimension in stride(from: rank - 1, through: 0, by: -1) {
      sizes[dimension] = Int64(tensor.shape[dimension])
      strides[dimension] = step
      step *= Int64(tensor.shape[dimension])
    }
    return ty_tensor(
      data: tensor.base, device: ty_device(type: TY_DEVICE_CPU, id: 0), ndim: Int32(rank),
      dtype: tensor.type.cType, shape: sizes, strides: strides, byte_offset: 0)
  }
}

/// Batches in the contract's form. Each keeps its own, which model and monitors are shown.
final class CBatch {
  /// The batch that was asked for last. Held, so that no other can come to lie where it does.
  private var last: Batch?
  private var form = BatchForm()

  /// Valid until the batch is filled anew.
  func describe(_ batch: Batch) -> UnsafePointer<ty_batch> {
    if last !== batch {
      last = batch
      form = (batch.form as? BatchForm) ?? BatchForm()
      batch.form = form
    }
    return form.describe(batch)
  }
}

/// One batch in the contract's form.
private final class BatchForm {
  private let pointer = UnsafeMutablePointer<ty_batch>.allocate(capacity: 1)
  private let features = CTensor()
  private let target = CTensor()
  private let weight = CTensor()
  private let group = CTensor()
  /// Of the batch, when it was described; below 0: it never was.
  private var layout = -1

  init() {
    pointer.initialize(to: ty_batch())
    pointer.pointee.struct_size = UInt32(MemoryLayout<ty_batch>.size)
  }

  deinit { pointer.deallocate() }

  @inline(__always) func describe(_ batch: Batch) -> UnsafePointer<ty_batch> {
    pointer.pointee.ends_pass = batch.endsPass ? 1 : 0
    if layout != batch.layout { fill(batch) }
    return UnsafePointer(pointer)
  }

  private func fill(_ batch: Batch) {
    layout = batch.layout
    pointer.pointee.pass = UInt32(batch.pass.rawValue)
    pointer.pointee.rows = Int64(batch.rows)
    pointer.pointee.data_id = batch.dataID
    pointer.pointee.features = features.describe(batch.features)
    pointer.pointee.target = target.describe(batch.target)
    pointer.pointee.weight = weight.describe(batch.weight)
    pointer.pointee.group = group.describe(batch.group)
  }
}
