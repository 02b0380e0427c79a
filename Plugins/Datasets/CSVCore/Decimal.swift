/// Reads a decimal number such as `-1.5e3`, correctly rounded whatever the locale, and says where it stopped;
/// `nil` where there is none, or none that a double can hold.
///
/// The text must go on with something that is not part of a number. `value` is written in any case.
@inline(__always)
func scanDecimal(_ text: UnsafePointer<UInt8>, _ value: inout Double) -> UnsafePointer<UInt8>? {
  var cursor = text
  let isNegative = cursor.pointee == UInt8(ascii: "-")
  if isNegative || cursor.pointee == UInt8(ascii: "+") { cursor += 1 }

  var digits: UInt64 = 0  // wraps round after 19 digits, which `slowDecimal` is for
  let firstDigit = cursor
  cursor = scanDigits(cursor, &digits)
  var digitCount = cursor - firstDigit
  var exponent = 0
  if cursor.pointee == UInt8(ascii: ".") {
    let fraction = cursor + 1
    cursor = scanDigits(fraction, &digits)
    exponent = fraction - cursor
    digitCount += cursor - fraction
  }
  guard digitCount > 0 else { return nil }
  if cursor.pointee | 0x20 == UInt8(ascii: "e") {
    guard let stop = scanExponent(cursor + 1, &exponent) else { return nil }
    cursor = stop
  }

  let magnitude: Double
  if digitCount <= 19, exponent == 0 {
    magnitude = Double(digits)
  } else if digitCount <= 19, -22...22 ~= exponent, digits <= 1 << 53 {
    // Both are exact, and so the one operation is rounded correctly.
    magnitude =
      exponent < 0 ? Double(digits) / exactPowers[-exponent] : Double(digits) * exactPowers[exponent]
  } else if digitCount <= 19, -19..<0 ~= exponent, digits > 0 {
    magnitude = quotient(digits, wholePowers[-exponent])
  } else {
    guard let slow = slowDecimal(from: firstDigit, to: cursor) else { return nil }
    magnitude = slow
  }
  value = isNegative ? -magnitude : magnitude
  return cursor
}

@inline(__always)
private func scanDigits(_ text: UnsafePointer<UInt8>, _ digits: inout UInt64) -> UnsafePointer<UInt8> {
  var cursor = text
  while true {
    let digit = cursor.pointee &- UInt8(ascii: "0")
    guard digit < 10 else { return cursor }
    digits = digits &* 10 &+ UInt64(digit)
    cursor += 1
  }
}

private func scanExponent(_ text: UnsafePointer<UInt8>, _ exponent: inout Int) -> UnsafePointer<UInt8>? {
  var cursor = text
  let isNegative = cursor.pointee == UInt8(ascii: "-")
  if isNegative || cursor.pointee == UInt8(ascii: "+") { cursor += 1 }
  let first = cursor
  var written = 0
  while cursor.pointee &- UInt8(ascii: "0") < 10 {
    written = min(written * 10 + Int(cursor.pointee &- UInt8(ascii: "0")), 100_000)
    cursor += 1
  }
  exponent += isNegative ? -written : written
  return cursor == first ? nil : cursor
}

/// `digits` / `power` for whole numbers that are not 0, rounded to nearest, ties to even: the quotient's first 64
/// bits, and a last one that says whether anything is left, are more than a double's 53.
private func quotient(_ digits: UInt64, _ power: UInt64) -> Double {
  let shift = digits.leadingZeroBitCount
  let powerShift = power.leadingZeroBitCount
  let (high, divisor) = (digits << shift, power << powerShift)
  // Halved where the quotient would not fit; its first bit is then set in both cases.
  let isHalved = high >= divisor
  let dividend = isHalved ? (high >> 1, high << 63) : (high, 0)
  let (bits, rest) = divisor.dividingFullWidth(dividend)
  let exact = bits | (rest == 0 ? 0 : 1)
  return Double(sign: .plus, exponent: powerShift - shift - (isHalved ? 63 : 64), significand: Double(exact))
}

private func slowDecimal(from start: UnsafePointer<UInt8>, to end: UnsafePointer<UInt8>) -> Double? {
  let text = String(decoding: UnsafeBufferPointer(start: start, count: end - start), as: UTF8.self)
  return Double(text).flatMap { $0.isFinite ? $0 : nil }
}

private let exactPowers: InlineArray<23, Double> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
  1e19,
  1e20, 1e21, 1e22,
]

private let wholePowers: InlineArray<20, UInt64> = [
  1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
  100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
  10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
]
