/// The shortest decimal digits that identify a finite Double: 0.`digits` · 10^`point`.
struct Decimal: Equatable {
  var isNegative: Bool
  /// Without leading or trailing zeros; empty for zero.
  var digits: String
  var point: Int

  /// Swift prints the shortest digits; only where it puts the point is its own.
  init(_ value: Double) {
    isNegative = value.sign == .minus
    let parts = value.magnitude.description.split(separator: "e", maxSplits: 1)
    let mantissa = (parts.first ?? "0").split(separator: ".", maxSplits: 1)
    let whole = mantissa.first ?? ""
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    let all = String(whole) + fraction
    let significant = all.drop { $0 == "0" }
    point = whole.count - (all.count - significant.count) + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    digits = String(significant)
    while digits.last == "0" { digits.removeLast() }
    if digits.isEmpty { point = 0 }
  }
}

extension Double {
  /// The number as Python's `repr` writes it: the shortest digits that round trip, always with a point or an
  /// exponent; the exponent form below 1e-04 and from 1e+16 on.
  public var pythonRepr: String {
    if isNaN { return "nan" }
    if isInfinite { return self < 0 ? "-inf" : "inf" }
    let decimal = Decimal(self)
    let sign = decimal.isNegative ? "-" : ""
    let digits = decimal.digits
    if digits.isEmpty { return sign + "0.0" }
    let exponent = decimal.point - 1
    if exponent < -4 || exponent >= 16 {
      let mantissa = digits.count == 1 ? digits : "\(digits.prefix(1)).\(digits.dropFirst())"
      let size = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
      return sign + mantissa + (exponent < 0 ? "e-" : "e+") + size
    }
    if decimal.point <= 0 { return sign + "0." + String(repeating: "0", count: -decimal.point) + digits }
    if decimal.point >= digits.count {
      return sign + digits + String(repeating: "0", count: decimal.point - digits.count) + ".0"
    }
    return sign + digits.prefix(decimal.point) + "." + digits.dropFirst(decimal.point)
  }
}
