import CTrainyard

/// Puts structs and tensors of the contract into memory that is lent for one call.
struct Lending {
  let memory: any EventMemory

  func place<Struct: BitwiseCopyable>(
    _ value: Struct, _ name: String, isWritable: Bool = false
  ) -> UnsafeMutablePointer<Struct> {
    let start = memory.allocate(
      byteCount: MemoryLayout<Struct>.size, alignment: MemoryLayout<Struct>.alignment, name: name,
      isWritable: isWritable
    ).bindMemory(to: Struct.self, capacity: 1)
    start.initialize(to: value)
    return start
  }

  func array<Element: BitwiseCopyable>(
    _ values: [Element], _ name: String, isWritable: Bool = false, alignment: Int = 1
  ) -> UnsafeMutablePointer<Element> {
    let start = memory.allocate(
      byteCount: values.count * MemoryLayout<Element>.stride,
      alignment: max(alignment, MemoryLayout<Element>.alignment), name: name, isWritable: isWritable
    ).bindMemory(to: Element.self, capacity: max(1, values.count))
    start.initialize(from: values, count: values.count)
    return start
  }

  func text(_ text: String, _ name: String) -> UnsafePointer<CChar> {
    UnsafePointer(EventWriter.text(text, memory, name))
  }

  /// A contiguous tensor of the elements' own type.
  func tensor<Element: TensorElement>(
    _ values: [Element], shape: [Int], _ name: String, isWritable: Bool = false, alignment: Int = 1
  ) -> ty_tensor {
    var strides = shape.map { _ in Int64(1) }
    for dimension in shape.indices.dropLast().reversed() {
      strides[dimension] = strides[dimension + 1] * Int64(shape[dimension + 1])
    }
    return ty_tensor(
      data: UnsafeMutableRawPointer(array(values, name, isWritable: isWritable, alignment: alignment)),
      device: ty_device(type: TY_DEVICE_CPU, id: 0), ndim: Int32(shape.count),
      dtype: Element.dtype, shape: array(shape.map { Int64($0) }, "the shape of \(name)"),
      strides: array(strides, "the strides of \(name)"), byte_offset: 0)
  }
}

/// A number that tensors of the contract hold.
protocol TensorElement: BitwiseCopyable {
  static var dtype: ty_dtype { get }
}

extension UInt8: TensorElement {
  static var dtype: ty_dtype { ty_dtype(code: UInt8(TY_DTYPE_UINT), bits: 8, lanes: 1) }
}
extension Int32: TensorElement {
  static var dtype: ty_dtype { ty_dtype(code: UInt8(TY_DTYPE_INT), bits: 32, lanes: 1) }
}
extension Int64: TensorElement {
  static var dtype: ty_dtype { ty_dtype(code: UInt8(TY_DTYPE_INT), bits: 64, lanes: 1) }
}
extension Float: TensorElement {
  static var dtype: ty_dtype { ty_dtype(code: UInt8(TY_DTYPE_FLOAT), bits: 32, lanes: 1) }
}
extension Double: TensorElement {
  static var dtype: ty_dtype { ty_dtype(code: UInt8(TY_DTYPE_FLOAT), bits: 64, lanes: 1) }
}

/// The numbers of a contiguous tensor that a plugin has handed out, which has been checked.
func numbers(of tensor: ty_tensor) -> [Double] {
  guard let data = tensor.data else { return [] }
  let count = (0..<Int(max(0, tensor.ndim))).reduce(1) { $0 * Int(tensor.shape[$1]) }
  let start = UnsafeRawPointer(data) + Int(tensor.byte_offset)
  let width = Int(tensor.dtype.bits) / 8
  return (0..<count).map { index in
    let place = index * width
    return switch (Int32(tensor.dtype.code), tensor.dtype.bits) {
    case (TY_DTYPE_FLOAT, 32): Double(start.loadUnaligned(fromByteOffset: place, as: Float.self))
    case (TY_DTYPE_FLOAT, 64): start.loadUnaligned(fromByteOffset: place, as: Double.self)
    case (TY_DTYPE_INT, 32): Double(start.loadUnaligned(fromByteOffset: place, as: Int32.self))
    case (TY_DTYPE_INT, 64): Double(start.loadUnaligned(fromByteOffset: place, as: Int64.self))
    // Other types are compared by their first byte's worth: enough to see a change, rarely needed.
    default: Double(start.loadUnaligned(fromByteOffset: place, as: UInt8.self))
    }
  }
}
