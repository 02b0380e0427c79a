import CTrainyard

/// A contiguous tensor with memory of its own, as a test gives it to a plugin. Zeros at first.
public final class OwnedTensor {
  public private(set) var tensor: ty_tensor
  private let layout: UnsafeMutablePointer<Int64>
  private let memory: UnsafeMutableRawBufferPointer

  public init(dtypeCode: Int32, bits: UInt8, shape: [Int]) {
    let rank = shape.count
    layout = .allocate(capacity: max(1, 2 * rank))
    var count = 1
    for dimension in shape.indices.reversed() {
      layout[dimension] = Int64(shape[dimension])
      layout[rank + dimension] = Int64(count)
      count *= shape[dimension]
    }
    memory = .allocate(byteCount: max(1, count * Int(bits) / 8), alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    tensor = ty_tensor(
      data: memory.baseAddress, device: ty_device(type: TY_DEVICE_CPU, id: 0), ndim: Int32(rank),
      dtype: ty_dtype(code: UInt8(dtypeCode), bits: bits, lanes: 1), shape: layout, strides: layout + rank,
      byte_offset: 0)
  }

  public convenience init(_ values: [Float], shape: [Int]) {
    self.init(dtypeCode: TY_DTYPE_FLOAT, bits: 32, shape: shape)
    memory.copyBytes(from: values.withUnsafeBytes { Array($0) })
  }

  public convenience init(_ values: [Double], shape: [Int]) {
    self.init(dtypeCode: TY_DTYPE_FLOAT, bits: 64, shape: shape)
    memory.copyBytes(from: values.withUnsafeBytes { Array($0) })
  }

  public convenience init(_ values: [Int32], shape: [Int]) {
    self.init(dtypeCode: TY_DTYPE_INT, bits: 32, shape: shape)
    memory.copyBytes(from: values.withUnsafeBytes { Array($0) })
  }

  deinit {
    layout.deallocate()
    memory.deallocate()
  }

  public var floats: [Float] { Array(memory.bindMemory(to: Float.self)) }
  public var doubles: [Double] { Array(memory.bindMemory(to: Double.self)) }
  public var ints: [Int32] { Array(memory.bindMemory(to: Int32.self)) }
}
