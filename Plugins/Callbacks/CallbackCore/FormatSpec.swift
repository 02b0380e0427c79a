import Glibc
import PluginKit

/// What stands behind the colon of a template field, in Python's format mini-language:
/// `[[fill]align][sign][0][width][.precision][type]`, with the types d, f, e, g, their capitals, and %.
struct FormatSpec: Equatable {
  var fill: Character = " "
  /// `<`, `>`, `^`, or `=`: between the sign and the digits.
  var align: Character = ">"
  /// `-`: negative numbers only; `+`: always; a space: a space for the others.
  var sign: Character = "-"
  var width = 0
  var precision: Int?
  var type: Character?

  /// Larger widths and precisions help nobody, and a file name has its limit.
  static let largestNumber = 255

  init(_ text: Substring) throws {
    var rest = text
    var hasFill = false
    var hasAlign = true
    if let second = rest.dropFirst().first, "<>^=".contains(second) {
      hasFill = true
      fill = rest.removeFirst()
      align = rest.removeFirst()
    } else if let first = rest.first, "<>^=".contains(first) {
      align = rest.removeFirst()
    } else {
      hasAlign = false
    }
    if let first = rest.first, "+- ".contains(first) { sign = rest.removeFirst() }
    if !hasFill, rest.first == "0" {
      fill = "0"
      if !hasAlign { align = "=" }
    }
    width = try Self.number(&rest, in: text) ?? 0
    if rest.first == "." {
      rest.removeFirst()
      guard let digits = try Self.number(&rest, in: text) else { throw Self.error(text) }
      precision = digits
    }
    if let first = rest.first, "dfFeEgG%".contains(first) { type = rest.removeFirst() }
    guard rest.isEmpty else { throw Self.error(text) }
    if precision != nil, type == nil || type == "d" {
      throw PluginError(
        "a precision needs a type in '\(text)'", help: "write, for example, '\(text.filter { $0 != "d" })f'")
    }
  }

  private static func number(_ rest: inout Substring, in text: Substring) throws -> Int? {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    if digits.isEmpty { return nil }
    rest = rest.dropFirst(digits.count)
    guard let value = Int(digits), value <= largestNumber else {
      throw PluginError("'\(digits)' in '\(text)' is more than \(largestNumber)")
    }
    return value
  }

  private static func error(_ text: Substring) -> PluginError {
    PluginError(
      "'\(text)' is no number format", help: "formats are Python's, such as '02d', '.4f', '+.2f' or '.3e'")
  }

  func format(_ value: Int) -> String {
    if let type, type != "d" { return format(Double(value)) }
    return pad(value < 0, String(value.magnitude))
  }

  /// Correctly rounded from the exact value.
  func format(_ value: Double) -> String {
    let isNegative = value.sign == .minus && !value.isNaN
    let magnitude = value.magnitude
    let isCapital = type == "F" || type == "E" || type == "G"
    if !value.isFinite {
      let word = value.isNaN ? "nan" : "inf"
      return pad(isNegative, (isCapital ? word.uppercased() : word) + (type == "%" ? "%" : ""))
    }
    guard let type else { return pad(isNegative, magnitude.pythonRepr) }
    let digits = precision ?? 6
    switch type {
    case "f", "F": return pad(isNegative, cFormat("%.*f", digits, magnitude))
    case "%": return pad(isNegative, cFormat("%.*f", digits, magnitude * 100) + "%")
    case "e": return pad(isNegative, cFormat("%.*e", digits, magnitude))
    case "E": return pad(isNegative, cFormat("%.*E", digits, magnitude))
    case "G": return pad(isNegative, cFormat("%.*G", digits, magnitude))
    default: return pad(isNegative, cFormat("%.*g", digits, magnitude))
    }
  }

  private func pad(_ isNegative: Bool, _ digits: String) -> String {
    let prefix = isNegative ? "-" : sign == "-" ? "" : String(sign)
    let missing = max(0, width - prefix.count - digits.count)
    let (left, right) =
      switch align {
      case "<": (0, missing)
      case "^": (missing / 2, missing - missing / 2)
      default: (missing, 0)
      }
    let before = String(repeating: fill, count: left)
    let after = String(repeating: fill, count: right)
    return align == "=" ? prefix + before + digits : before + prefix + digits + after
  }
}

/// The number as C's printf writes it, with a point whatever the locale says.
private func cFormat(_ format: String, _ precision: Int, _ value: Double) -> String {
  // The largest Double has 309 digits before the point.
  let capacity = 320 + FormatSpec.largestNumber
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
    guard let start = buffer.baseAddress else { return "" }
    _ = withVaList([Int32(precision), value]) { vsnprintf(start, capacity, format, $0) }
    return String(String(cString: start).map { $0 == "," ? "." : $0 })
  }
}

extension Double {
  /// Up to `digits` significant digits and no trailing zeros: for people.
  public func short(_ digits: Int = 4) -> String {
    isFinite ? (self < 0 ? "-" : "") + cFormat("%.*g", digits, magnitude) : pythonRepr
  }
}

extension FormatSpec {
  /// `0.1`.
  static let tenths = FormatSpec(precision: 1, type: "f")
  /// `05`.
  static let two = FormatSpec(fill: "0", align: "=", width: 2)

  private init(
    fill: Character = " ", align: Character = ">", width: Int = 0, precision: Int? = nil,
    type: Character? = nil
  ) {
    self.fill = fill
    self.align = align
    self.width = width
    self.precision = precision
    self.type = type
  }
}
