import CTrainyard

extension ElementType {
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

extension TensorView {
  /// `nil` for a missing tensor, an unknown type, another device, more than eight dimensions or memory that is
  /// not contiguous.
  init?(_ tensor: ty_tensor) {
    guard let data = tensor.data, let type = ElementType(tensor.dtype),
      tensor.device.type == TY_DEVICE_CPU, (0...TensorShape.maximumRank).contains(Int(tensor.ndim)),
      let offset = Int(exactly: tensor.byte_offset)
    else { return nil }
    let sizes = UnsafeBufferPointer(start: tensor.shape, count: Int(tensor.ndim))
    var expected: Int64 = 1
    for dimension in stride(from: Int(tensor.ndim) - 1, through: 0, by: -1) {
      guard sizes[dimension] >= 0, sizes[dimension] == 1 || tensor.strides[dimension] == expected else {
        return nil
      }
      let (product, overflow) = expected.multipliedReportingOverflow(by: sizes[dimension])
      if overflow { return nil }
      expected = product
    }
    self.init(data + offset, type, shape: TensorShape(borrowing: sizes))
  }
}

/// Sizes and strides of one tensor that a plugin hands out, in memory of the instance.
final class TensorLayout {
  private let storage = UnsafeMutablePointer<Int64>.allocate(capacity: 2 * TensorShape.maximumRank)

  deinit { storage.deallocate() }

  /// The view as the header has it. Valid until the next call on this layout.
  func tensor(_ view: TensorView) -> ty_tensor {
    let rank = view.shape.rank
    let strides = storage + TensorShape.maximumRank
    var step: Int64 = 1
    for dimension in stride(from: rank - 1, through: 0, by: -1) {
      storage[dimension] = Int64(view.shape[dimension])
      strides[dimension] = step
      step *= Int64(view.shape[dimension])
    }
    return ty_tensor(
      data: view.base, device: ty_device(type: TY_DEVICE_CPU, id: 0), ndim: Int32(rank),
      dtype: view.type.cType, shape: storage, strides: strides, byte_offset: 0)
  }
}
