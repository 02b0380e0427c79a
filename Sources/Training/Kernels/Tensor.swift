import FileKernels

/// The type of a tensor's elements.
public enum ElementType: UInt8, Sendable, Equatable {
  case uint8, int32, int64, float32, float64

  public var size: Int {
    switch self {
    case .uint8: 1
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// As safetensors and messages name it.
  public var name: String {
    switch self {
    case .uint8: "U8"
    case .int32: "I32"
    case .int64: "I64"
    case .float32: "F32"
    case .float64: "F64"
    }
  }
}

/// A contiguous tensor in row-major order: either over memory of its own (`owner`), or a view of someone else's
/// that is valid as long as they say.
public struct Tensor {
  public let base: UnsafeMutableRawPointer
  public let type: ElementType
  public let shape: [Int]
  /// Number of elements.
  public let count: Int
  /// What keeps the memory; `nil` for a view.
  public let owner: AnyObject?

  public init(
    _ base: UnsafeMutableRawPointer, _ type: ElementType, shape: [Int], owner: AnyObject? = nil
  ) {
    self.base = base
    self.type = type
    self.shape = shape
    self.owner = owner
    count = shape.reduce(1, *)
  }

  /// A tensor of zeros over memory of its own.
  public init(zeros type: ElementType, shape: [Int]) {
    let memory = Memory(byteCount: max(1, shape.reduce(1, *) * type.size))
    self.init(memory.base, type, shape: shape, owner: memory)
  }

  public var byteCount: Int { count * type.size }
  public var rows: Int { shape.first ?? 1 }
  public var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  public var floats: UnsafeMutableBufferPointer<Float> { elements(.float32) }
  public var doubles: UnsafeMutableBufferPointer<Double> { elements(.float64) }
  public var int32s: UnsafeMutableBufferPointer<Int32> { elements(.int32) }
  public var int64s: UnsafeMutableBufferPointer<Int64> { elements(.int64) }

  /// Element `index` in row-major order, whatever its type.
  public func value(at index: Int) -> Double {
    precondition(index >= 0 && index < count, "index outside the tensor")
    return switch type {
    case .uint8: Double(base.load(fromByteOffset: index, as: UInt8.self))
    case .int32: Double(base.load(fromByteOffset: index * 4, as: Int32.self))
    case .int64: Double(base.load(fromByteOffset: index * 8, as: Int64.self))
    case .float32: Double(base.load(fromByteOffset: index * 4, as: Float.self))
    case .float64: base.load(fromByteOffset: index * 8, as: Double.self)
    }
  }

  /// A copy that is written to a file later, by somebody else.
  var copiedBytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { memory, count in
      count = byteCount
      // A copy of nothing has no address.
      if let start = memory.baseAddress { file_copy(start, base, byteCount) }
    }
  }

  /// A copy in memory of its own.
  public func copy() -> Tensor {
    let result = Tensor(zeros: type, shape: shape)
    result.base.copyMemory(from: base, byteCount: byteCount)
    return result
  }

  /// The first `rows` rows, over the same memory.
  public func prefix(rows: Int) -> Tensor {
    precondition(rows <= self.rows)
    return rows == self.rows ? self : Tensor(base, type, shape: [rows] + shape.dropFirst(), owner: owner)
  }

  private func elements<T>(_ wanted: ElementType) -> UnsafeMutableBufferPointer<T> {
    precondition(type == wanted, "a tensor of \(type.name), not \(wanted.name)")
    return UnsafeMutableBufferPointer(start: base.assumingMemoryBound(to: T.self), count: count)
  }
}

/// Zeroed memory, aligned for vector instructions, freed with its last owner.
public final class Memory {
  public let base: UnsafeMutableRawPointer

  public init(byteCount: Int) {
    base = .allocate(byteCount: byteCount, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  }

  deinit { base.deallocate() }
}

/// A tensor with the name that a model gave it.
public struct NamedTensor {
  public var name: String
  public var tensor: Tensor
  public var isTrainable: Bool

  public init(name: String, tensor: Tensor, isTrainable: Bool = true) {
    self.name = name
    self.tensor = tensor
    self.isTrainable = isTrainable
  }
}
