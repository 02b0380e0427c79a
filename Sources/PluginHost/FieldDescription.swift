import CTrainyard

/// The type of one element of a field.
public enum ElementType: Sendable, CaseIterable {
  case uint8, int32, int64, float32, float64

  public init?(_ type: ty_dtype) {
    switch (Int32(type.code), type.bits, type.lanes) {
    case (TY_DTYPE_UINT, 8, 1): self = .uint8
    case (TY_DTYPE_INT, 32, 1): self = .int32
    case (TY_DTYPE_INT, 64, 1): self = .int64
    case (TY_DTYPE_FLOAT, 32, 1): self = .float32
    case (TY_DTYPE_FLOAT, 64, 1): self = .float64
    default: return nil
    }
  }

  public var dtype: ty_dtype {
    switch self {
    case .uint8: ty_dtype(code: UInt8(TY_DTYPE_UINT), bits: 8, lanes: 1)
    case .int32: ty_dtype(code: UInt8(TY_DTYPE_INT), bits: 32, lanes: 1)
    case .int64: ty_dtype(code: UInt8(TY_DTYPE_INT), bits: 64, lanes: 1)
    case .float32: ty_dtype(code: UInt8(TY_DTYPE_FLOAT), bits: 32, lanes: 1)
    case .float64: ty_dtype(code: UInt8(TY_DTYPE_FLOAT), bits: 64, lanes: 1)
    }
  }

  /// In bytes.
  public var size: Int { Int(dtype.bits) / 8 }
}

/// One field of a dataset's rows, copied and checked.
public struct FieldDescription: Sendable, Equatable {
  public enum Role: UInt32, Sendable, CaseIterable {
    case feature = 1
    case target, weight, group, time, id
  }

  public var name: String
  public var role: Role
  public var type: ElementType
  /// Of one row; empty: a single number.
  public var shape: [Int]
  /// More than 0: the field holds integer codes from 0, missing ones −1.
  public var categoryCount: Int
  /// The codes' names; empty: the codes are their own names.
  public var categories: [String]

  public init(
    name: String, role: Role, type: ElementType, shape: [Int] = [], categoryCount: Int = 0,
    categories: [String] = []
  ) {
    self.name = name
    self.role = role
    self.type = type
    self.shape = shape
    self.categoryCount = categoryCount
    self.categories = categories
  }

  /// Numbers in one row.
  public var width: Int { shape.reduce(1, *) }
}

/// A whole field in the dataset's own memory: [rows, field's shape], contiguous, unchanged until the instance is
/// destroyed.
public struct WholeField {
  public let start: UnsafeRawPointer
  /// Elements in all.
  public let count: Int
  public let type: ElementType
}
