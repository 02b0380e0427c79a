import CFFI

/// A number type of C, by its size: `i32` is `int32_t`, `usize` is `size_t`, `bool` is `_Bool`.
public enum ForeignScalar: String, CaseIterable, Hashable, Sendable {
  case i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, bool, usize

  /// In bytes.
  public var size: Int {
    switch self {
    case .i8, .u8, .bool: 1
    case .i16, .u16: 2
    case .i32, .u32, .f32: 4
    case .i64, .u64, .f64, .usize: 8
    }
  }

  public var isFloat: Bool { self == .f32 || self == .f64 }

  /// The largest integer that it holds exactly, together with all smaller ones; 1 for `bool`.
  public var largestInteger: UInt64 {
    switch self {
    case .bool: 1
    case .i8: UInt64(Int8.max)
    case .u8: UInt64(UInt8.max)
    case .i16: UInt64(Int16.max)
    case .u16: UInt64(UInt16.max)
    case .i32: UInt64(Int32.max)
    case .u32: UInt64(UInt32.max)
    case .i64: UInt64(Int64.max)
    case .u64, .usize: .max
    case .f32: 1 << 24
    case .f64: 1 << 53
    }
  }

  var descriptor: UnsafeMutablePointer<ffi_type> {
    switch self {
    case .i8: ty_ffi_i8()
    case .i16: ty_ffi_i16()
    case .i32: ty_ffi_i32()
    case .i64: ty_ffi_i64()
    case .u8, .bool: ty_ffi_u8()
    case .u16: ty_ffi_u16()
    case .u32: ty_ffi_u32()
    case .u64, .usize: ty_ffi_u64()
    case .f32: ty_ffi_f32()
    case .f64: ty_ffi_f64()
    }
  }

  // MARK: Values in memory

  /// The number at an address, as a double; 64-bit integers are rounded to it.
  func load(_ address: UnsafeRawPointer) -> Double {
    switch self {
    case .i8: Double(address.load(as: Int8.self))
    case .i16: Double(address.load(as: Int16.self))
    case .i32: Double(address.load(as: Int32.self))
    case .i64: Double(address.load(as: Int64.self))
    case .u8: Double(address.load(as: UInt8.self))
    case .u16: Double(address.load(as: UInt16.self))
    case .u32: Double(address.load(as: UInt32.self))
    case .u64, .usize: Double(address.load(as: UInt64.self))
    case .f32: Double(address.load(as: Float.self))
    case .f64: address.load(as: Double.self)
    case .bool: address.load(as: UInt8.self) == 0 ? 0 : 1
    }
  }

  /// Writes an integer. Returns false, and writes nothing, where the type cannot hold it exactly.
  @discardableResult
  func store(_ value: Int, at address: UnsafeMutableRawPointer) -> Bool {
    switch self {
    case .i8: Self.put(Int8(exactly: value), address)
    case .i16: Self.put(Int16(exactly: value), address)
    case .i32: Self.put(Int32(exactly: value), address)
    case .i64: Self.put(Int64(value), address)
    case .u8: Self.put(UInt8(exactly: value), address)
    case .u16: Self.put(UInt16(exactly: value), address)
    case .u32: Self.put(UInt32(exactly: value), address)
    case .u64, .usize: Self.put(UInt64(exactly: value), address)
    case .f32: Self.put(Float(exactly: value), address)
    case .f64: Self.put(Double(exactly: value), address)
    case .bool: Self.put(value == 0 || value == 1 ? UInt8(value) : nil, address)
    }
  }

  /// Writes a number. `f32` rounds; an integer type takes whole numbers in its range only. Returns false, and
  /// writes nothing, where the type cannot hold it.
  @discardableResult
  func store(_ value: Double, at address: UnsafeMutableRawPointer) -> Bool {
    switch self {
    case .f32: return Self.put(Float(value), address)
    case .f64: return Self.put(value, address)
    case .u64, .usize: return Self.put(UInt64(exactly: value), address)
    default:
      guard let integer = Int(exactly: value) else { return false }
      return store(integer, at: address)
    }
  }

  /// As `store`, for a number that somebody wrote: `f32` rounds it, but does not make an infinity of it.
  func storeConstant(_ value: Double, at address: UnsafeMutableRawPointer) -> Bool {
    if self == .f32, value.isFinite, !Float(value).isFinite { return false }
    return store(value, at: address)
  }

  @inline(__always) private static func put<T>(_ value: T?, _ address: UnsafeMutableRawPointer) -> Bool {
    guard let value else { return false }
    address.storeBytes(of: value, as: T.self)
    return true
  }
}
