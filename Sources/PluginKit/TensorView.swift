import CTrainyard

/// The type of a tensor's elements.
public enum ElementType: Sendable, Equatable {
  case uint8, int32, int64, float32, float64

  public var size: Int {
    switch self {
    case .uint8: 1
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }
}

/// A borrowed, contiguous tensor, valid until the call that it was given to returns, or as long as the memory
/// that it was made over.
public struct TensorView {
  public let base: UnsafeMutableRawPointer
  public let type: ElementType
  public let shape: TensorShape

  public init(_ base: UnsafeMutableRawPointer, _ type: ElementType, shape: TensorShape) {
    self.base = base
    self.type = type
    self.shape = shape
  }

  /// Number of elements.
  public var count: Int { shape.count }
  /// The first size; the rows of a batch.
  public var rows: Int { shape.rank == 0 ? 1 : shape[0] }
  /// Elements in each row.
  public var width: Int { rows == 0 ? 0 : count / rows }

  public var floats: UnsafeMutableBufferPointer<Float> { bound(.float32) }
  public var doubles: UnsafeMutableBufferPointer<Double> { bound(.float64) }
  public var int32s: UnsafeMutableBufferPointer<Int32> { bound(.int32) }
  public var int64s: UnsafeMutableBufferPointer<Int64> { bound(.int64) }
  public var bytes: UnsafeMutableBufferPointer<UInt8> { bound(.uint8) }

  /// Element `index` in row-major order, whatever its type.
  @inlinable public func value(at index: Int) -> Double {
    precondition(index >= 0 && index < count, "index outside the tensor")
    switch type {
    case .uint8: return Double(base.assumingMemoryBound(to: UInt8.self)[index])
    case .int32: return Double(base.assumingMemoryBound(to: Int32.self)[index])
    case .int64: return Double(base.assumingMemoryBound(to: Int64.self)[index])
    case .float32: return Double(base.assumingMemoryBound(to: Float.self)[index])
    case .float64: return base.assumingMemoryBound(to: Double.self)[index]
    }
  }

  private func bound<T>(_ wanted: ElementType) -> UnsafeMutableBufferPointer<T> {
    precondition(type == wanted, "a tensor of \(type), not \(wanted)")
    return UnsafeMutableBufferPointer(start: base.assumingMemoryBound(to: T.self), count: count)
  }
}

/// Up to eight sizes, without an array's allocation: views are made in each batch.
public struct TensorShape: Sendable, Equatable, ExpressibleByArrayLiteral {
  public static let maximumRank = 8
  public private(set) var rank: Int
  private var sizes: InlineArray<8, Int>

  public init(_ sizes: some Collection<Int>) {
    precondition(sizes.count <= Self.maximumRank, "tensors have at most 8 dimensions")
    self.sizes = InlineArray(repeating: 0)
    rank = sizes.count
    for (index, size) in sizes.enumerated() { self.sizes[index] = size }
  }

  /// Without the array that a literal of variables takes.
  public init(_ rows: Int) {
    sizes = InlineArray(repeating: 0)
    rank = 1
    sizes[0] = rows
  }

  public init(_ rows: Int, _ width: Int) {
    self.init(rows)
    rank = 2
    sizes[1] = width
  }

  init(borrowing sizes: UnsafeBufferPointer<Int64>) {
    precondition(sizes.count <= Self.maximumRank, "tensors have at most 8 dimensions")
    self.sizes = InlineArray(repeating: 0)
    rank = sizes.count
    for index in 0..<sizes.count { self.sizes[index] = Int(sizes[index]) }
  }

  public init(arrayLiteral elements: Int...) { self.init(elements) }

  public subscript(index: Int) -> Int {
    precondition(index < rank)
    return sizes[index]
  }

  public var count: Int {
    var product = 1
    for index in 0..<rank { product *= sizes[index] }
    return product
  }

  public var array: [Int] { (0..<rank).map { sizes[$0] } }

  public static func == (a: TensorShape, b: TensorShape) -> Bool {
    guard a.rank == b.rank else { return false }
    for index in 0..<a.rank where a.sizes[index] != b.sizes[index] { return false }
    return true
  }
}
