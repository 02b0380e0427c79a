/// What a plain scalar means: the core schema of YAML 1.2.
///
/// `yes`, `no`, `on` and `off` are texts, `0o17` is octal and `017` is seventeen.
enum YAMLScalar {
  /// The value of a plain scalar; `nil` for a number that no double can hold.
  static func value(of text: String) -> ConfigNode.Content? {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .float(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .float(-.infinity)
    case ".nan", ".NaN", ".NAN": return .float(.nan)
    default: break
    }
    if let value = integer(text) { return .int(value) }
    guard isNumber(text) else { return .string(text) }
    guard let value = Double(text), value.isFinite else { return nil }
    return .float(value)
  }

  /// A number as YAML reads it back, in the fewest digits.
  static func text(of value: Double) -> String {
    if value.isNaN { return ".nan" }
    if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
    return "\(value)"
  }

  private static func integer(_ text: String) -> Int64? {
    if text.hasPrefix("0x") { return unsigned(text.dropFirst(2), radix: 16) }
    if text.hasPrefix("0o") { return unsigned(text.dropFirst(2), radix: 8) }
    return Int64(text, radix: 10)
  }

  private static func unsigned(_ digits: Substring, radix: Int) -> Int64? {
    digits.first.map { $0 == "-" || $0 == "+" } == true ? nil : Int64(digits, radix: radix)
  }

  /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
  static func isNumber(_ text: some StringProtocol) -> Bool {
    var rest = text.utf8[...]
    skipSign(&rest)
    let whole = skipDigits(&rest)
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      if skipDigits(&rest) + whole == 0 { return false }
    } else if whole == 0 {
      return false
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      skipSign(&rest)
      if skipDigits(&rest) == 0 { return false }
    }
    return rest.isEmpty
  }

  private static func skipSign<Bytes: Collection<UInt8>>(_ rest: inout Bytes)
  where Bytes.SubSequence == Bytes {
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
  }

  private static func skipDigits<Bytes: Collection<UInt8>>(_ rest: inout Bytes) -> Int
  where Bytes.SubSequence == Bytes {
    var count = 0
    while let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      rest.removeFirst()
      count += 1
    }
    return count
  }
}
