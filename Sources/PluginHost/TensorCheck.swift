import CTrainyard

/// Checks of tensors that come from a plugin. `nil`: fine; else the words that follow "the tensor".
enum TensorCheck {
  static let mostDimensions: Int32 = 32

  /// Whether `tensor` is contiguous memory of this machine, of a type that the contract has.
  static func fault(_ tensor: ty_tensor) -> String? {
    switch size(tensor) {
    case .success: nil
    case .failure(let fault): fault.words
    }
  }

  struct Fault: Error {
    var words: String
  }

  /// The size in bytes of a tensor that is fine.
  static func size(_ tensor: ty_tensor) -> Result<Int, Fault> {
    guard tensor.device.type == TY_DEVICE_CPU else {
      return bad("is on device type \(tensor.device.type), not the CPU")
    }
    guard let width = width(tensor.dtype) else {
      let type = tensor.dtype
      return bad(
        "has the element type (code \(type.code), \(type.bits) bits, \(type.lanes) lanes), which does not exist"
      )
    }
    guard (0...mostDimensions).contains(tensor.ndim) else { return bad("has \(tensor.ndim) dimensions") }
    let ndim = Int(tensor.ndim)
    guard ndim == 0 || (tensor.shape != nil && tensor.strides != nil) else {
      return bad("has no shape or no strides")
    }
    var count: Int64 = 1
    var isEmpty = false
    for dimension in 0..<ndim where tensor.shape[dimension] == 0 { isEmpty = true }
    for dimension in stride(from: ndim - 1, through: 0, by: -1) {
      let length = tensor.shape[dimension]
      guard length >= 0 else { return bad("has \(length) in its shape") }
      // The stride of a dimension of one element says nothing; nor do those of no elements.
      guard isEmpty || length == 1 || tensor.strides[dimension] == count else {
        return bad("is not contiguous")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow else { return bad("is larger than any memory") }
      count = product
    }
    let (bytes, overflow) = Int(count).multipliedReportingOverflow(by: width)
    guard !overflow, bytes < 1 << 48, tensor.byte_offset < 1 << 48 else {
      return bad("is larger than any memory")
    }
    guard let data = tensor.data else { return bytes == 0 ? .success(0) : bad("has no data") }
    let address = UInt(bitPattern: data).addingReportingOverflow(UInt(tensor.byte_offset))
    guard !address.overflow, address.partialValue % UInt(width) == 0 else {
      return bad("is not aligned to its elements")
    }
    return .success(bytes)
  }

  /// Bytes of one element: u8 to u64, i8 to i64, f16 to f64, bf16. `nil`: no such type.
  static func width(_ type: ty_dtype) -> Int? {
    guard type.lanes == 1 else { return nil }
    switch (Int32(type.code), type.bits) {
    case (TY_DTYPE_INT, 8), (TY_DTYPE_INT, 16), (TY_DTYPE_INT, 32), (TY_DTYPE_INT, 64),
      (TY_DTYPE_UINT, 8), (TY_DTYPE_UINT, 16), (TY_DTYPE_UINT, 32), (TY_DTYPE_UINT, 64),
      (TY_DTYPE_FLOAT, 16), (TY_DTYPE_FLOAT, 32), (TY_DTYPE_FLOAT, 64), (TY_DTYPE_BFLOAT, 16):
      return Int(type.bits) / 8
    default: return nil
    }
  }

  /// Where the elements begin.
  static func start(_ tensor: ty_tensor) -> UnsafeMutableRawPointer? {
    tensor.data.map { $0 + Int(tensor.byte_offset) }
  }

  /// The sizes of a tensor that is fine.
  static func shape(_ tensor: ty_tensor) -> [Int64] {
    guard tensor.ndim > 0, let shape = tensor.shape else { return [] }
    return Array(UnsafeBufferPointer(start: shape, count: Int(tensor.ndim)))
  }

  private static func bad(_ words: String) -> Result<Int, Fault> { .failure(Fault(words: words)) }
}

/// Checks of named tensors. `nil`: fine; else words.
enum WeightCheck {
  static func fault(_ pointer: UnsafePointer<ty_weight>) -> String? {
    if let fault = sizeFault(UnsafeRawPointer(pointer), needed: MemoryLayout<ty_weight>.size) {
      return "is malformed: \(fault)"
    }
    let weight = Foreign.copy(UnsafeRawPointer(pointer), over: ty_weight())
    do {
      let name = try Foreign.text(weight.name, limit: 4096)
      return TensorCheck.fault(weight.tensor).map { "'\(name)' \($0)" }
    } catch {
      return "has a name that is \(error.words)"
    }
  }
}
