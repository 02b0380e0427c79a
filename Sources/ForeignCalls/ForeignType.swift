import CFFI

/// A type in a signature: a number, a pointer to numbers, or, as a result, nothing.
public enum ForeignType: Hashable, Sendable, CustomStringConvertible {
  /// As a result only.
  case void
  case scalar(ForeignScalar)
  /// `*f32`. `isConst`: `*const f32`, the function only reads what it points to.
  case pointer(ForeignScalar, isConst: Bool)
  /// `*void`.
  case opaque

  /// Reads `f64`, `*f32`, `*const f32`, `*void` or `void`.
  public init(_ text: String) throws(ForeignError) {
    let words = text.split(separator: " ")
    let name = words.joined(separator: " ")
    if let scalar = ForeignScalar(rawValue: name) {
      self = .scalar(scalar)
    } else if name == "void" {
      self = .void
    } else if name.hasPrefix("*") {
      self = try Self.pointer(String(name.dropFirst()), in: text)
    } else {
      throw Self.unknown(name)
    }
  }

  private static func pointer(_ name: String, in text: String) throws(ForeignError) -> ForeignType {
    var words = name.split(separator: " ").map(String.init)
    let isConst = words.first == "const"
    if isConst { words.removeFirst() }
    let target = words.joined(separator: " ")
    if target == "void" { return .opaque }
    if let scalar = ForeignScalar(rawValue: target) { return .pointer(scalar, isConst: isConst) }
    if target.hasPrefix("*") {
      throw ForeignError(
        .badType, "'\(text)' is a pointer to a pointer, which cannot be passed",
        help: "only numbers and pointers to numbers can; write a C function around it")
    }
    throw unknown(name)
  }

  /// What people write who have a C prototype before them.
  private static func unknown(_ name: String) -> ForeignError {
    let list =
      "types: \(ForeignScalar.allCases.map(\.rawValue).joined(separator: ", ")), and '*' before one of them"
    if name == "..." || name.hasSuffix("...") { return .variadic }
    if name.hasPrefix("struct") || name.hasPrefix("union") || name.hasPrefix("{") {
      return ForeignError(
        .structByValue, "'\(name)' is a struct by value, which cannot be passed",
        help: "its layout is the compiler's business; write a C function that takes its parts. \(list)")
    }
    let words = name.split { $0 == " " || $0 == "*" }.filter { $0 != "const" && $0 != "signed" }
    let spoken = words.joined(separator: " ")
    let ours: [String: String] = [
      "double": "f64", "float": "f32", "int": "i32", "unsigned": "u32", "unsigned int": "u32", "long": "i64",
      "unsigned long": "u64", "long long": "i64", "short": "i16", "unsigned short": "u16", "char": "i8",
      "unsigned char": "u8", "size_t": "usize", "_Bool": "bool", "int8_t": "i8", "int16_t": "i16",
      "int32_t": "i32",
      "int64_t": "i64", "uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32", "uint64_t": "u64",
      "void": "void",
      "ssize_t": "i64",
    ]
    let isPointer = name.contains("*")
    guard let type = ours[spoken] ?? ForeignScalar(rawValue: spoken)?.rawValue else {
      return ForeignError(.badType, "there is no type '\(name)'", help: list)
    }
    return ForeignError(
      .badType, "there is no type '\(name)'", help: "did you mean '\(isPointer ? "*" : "")\(type)'? \(list)")
  }

  var descriptor: UnsafeMutablePointer<ffi_type> {
    switch self {
    case .void: ty_ffi_void()
    case .scalar(let scalar): scalar.descriptor
    case .pointer, .opaque: ty_ffi_pointer()
    }
  }

  public var description: String {
    switch self {
    case .void: "void"
    case .scalar(let scalar): scalar.rawValue
    case .pointer(let scalar, let isConst): "*\(isConst ? "const " : "")\(scalar.rawValue)"
    case .opaque: "*void"
    }
  }
}
