import CTrainyard

/// A tensor whose elements lie in shared memory.
package struct SharedTensor {
  package var type: ty_dtype
  package var shape: [Int64]
  /// From the beginning of the area.
  package var offset: UInt64

  /// Of all elements. The type and the shape were looked at when it was read.
  var byteCount: Int { shape.byteCount(TensorCheck.width(type) ?? 0) ?? 0 }
}

extension WireWriter {
  /// Type and shape; the elements go another way. A missing tensor has no type.
  mutating func put(layoutOf tensor: ty_tensor, at offset: UInt64) {
    put(tensor.dtype.code)
    put(tensor.dtype.bits)
    put(tensor.data != nil || tensor.ndim > 0)
    put(list: TensorCheck.shape(tensor)) { $0.put($1) }
    put(offset)
  }
}

extension WireReader {
  /// `nil`: missing. The type is one that the contract has and the elements lie within `size` bytes.
  package mutating func tensor(in size: Int) throws(WireFault) -> SharedTensor? {
    let type = ty_dtype(code: try take(UInt8.self), bits: try take(UInt8.self), lanes: 1)
    let isThere = try bool()
    let shape = try list(least: 8) { reader throws(WireFault) in try reader.take(Int64.self) }
    let offset = try take(UInt64.self)
    guard isThere else { return nil }
    guard let width = TensorCheck.width(type), let bytes = shape.byteCount(width),
      offset <= UInt64(size), bytes <= size - Int(offset), offset % 64 == 0
    else { throw WireFault("a tensor lies outside its memory") }
    return SharedTensor(type: type, shape: shape, offset: offset)
  }
}

/// Sizes and strides of tensors that a call is given; they live until the next call.
final class TensorLayouts {
  private var blocks: [UnsafeMutablePointer<Int64>] = []

  deinit { removeAll() }

  func removeAll() {
    for block in blocks { block.deallocate() }
    blocks.removeAll(keepingCapacity: true)
  }

  func tensor(_ shared: SharedTensor?, base: UnsafeMutableRawPointer?) -> ty_tensor {
    guard let shared, let base else { return ty_tensor() }
    let rank = shared.shape.count
    let sizes = UnsafeMutablePointer<Int64>.allocate(capacity: max(1, 2 * rank))
    blocks.append(sizes)
    var step: Int64 = 1
    for dimension in stride(from: rank - 1, through: 0, by: -1) {
      sizes[dimension] = shared.shape[dimension]
      sizes[rank + dimension] = step
      // Of a tensor without elements the product may be anything.
      step &*= shared.shape[dimension]
    }
    return ty_tensor(
      data: base + Int(shared.offset), device: ty_device(type: TY_DEVICE_CPU, id: 0), ndim: Int32(rank),
      dtype: shared.type, shape: sizes, strides: sizes + rank, byte_offset: 0)
  }
}
