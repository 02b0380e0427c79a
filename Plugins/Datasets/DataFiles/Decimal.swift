import TextKernels

/// Reads a decimal number such as `-1.5e3`, correctly rounded whatever the locale, and says where it stopped;
/// `nil` where there is none, or none that a double can hold.
///
/// The text must go on with something that is not part of a number, and then with `textSpare` bytes that can be
/// looked at. `value` is written in any case.
public func scanDecimal(_ text: UnsafePointer<UInt8>, _ value: inout Double) -> UnsafePointer<UInt8>? {
  var isHard: Int32 = 0
  guard let stop = text_decimal(text, &value, &isHard) else { return nil }
  guard isHard != 0 else { return stop }
  // Swift's own takes any number of digits, at more than ten times the cost.
  let written = String(decoding: UnsafeBufferPointer(start: text, count: stop - text), as: UTF8.self)
  guard let number = Double(written), number.isFinite else { return nil }
  value = number
  return stop
}

/// Bytes after a text that may be looked at.
public let textSpare = Int(TEXT_SPARE)
