import Glibc

/// Copies out of memory that belongs to a plugin. Nothing here trusts alignment, sizes or encodings; that the
/// pointer itself leads somewhere is all that has to be believed.
enum Foreign {
  /// The longest text that is taken from a plugin, in bytes.
  static let longestText = 1 << 16

  /// The struct that begins at `pointer` with its own `struct_size`: what it has, zeros for the rest.
  static func copy<T>(_ pointer: UnsafeRawPointer, over zero: T) -> T {
    copy(pointer, size: size(pointer), over: zero)
  }

  /// The first `size` bytes of a struct, zeros for the rest.
  static func copy<T>(_ pointer: UnsafeRawPointer, size: Int, over zero: T) -> T {
    var value = zero
    withUnsafeMutableBytes(of: &value) { bytes in
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(size, bytes.count)))
    }
    return value
  }

  /// `struct_size`, with which every struct of the contract begins.
  static func size(_ pointer: UnsafeRawPointer) -> Int { Int(pointer.loadUnaligned(as: UInt32.self)) }

  /// Element `index` of an array of pointers.
  static func element(_ array: UnsafeRawPointer, _ index: Int) -> UnsafeRawPointer? {
    array.loadUnaligned(
      fromByteOffset: index * MemoryLayout<UnsafeRawPointer?>.stride, as: UnsafeRawPointer?.self)
  }

  enum TextFault: Error {
    case missing, notUTF8, tooLong

    var words: String {
      switch self {
      case .missing: "NULL"
      case .notUTF8: "not UTF-8"
      case .tooLong: "too long"
      }
    }
  }

  /// A copy of a NUL-terminated text.
  static func text(_ start: UnsafePointer<CChar>?, limit: Int = longestText) throws(TextFault) -> String {
    guard let start else { throw .missing }
    guard strnlen(start, limit) < limit else { throw .tooLong }
    guard let text = String(validatingCString: start) else { throw .notUTF8 }
    return text
  }

  /// A copy for people to read: cut at `limit` bytes, wrong bytes replaced. `nil` for NULL and for "".
  static func words(_ start: UnsafePointer<CChar>?, limit: Int = longestText) -> String? {
    guard let start else { return nil }
    let length = strnlen(start, limit)
    guard length > 0 else { return nil }
    return String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
  }
}
