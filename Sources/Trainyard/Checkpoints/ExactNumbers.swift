import Training

// Numbers in a checkpoint read back bit for bit, also those that JSON has no way to write.

extension JSONValue {
  /// A NaN has a sign, and 51 bits more.
  init(exactly value: Double) {
    self = value.isNaN ? .string("nan:" + String(value.bitPattern, radix: 16)) : .double(value)
  }

  var exactDouble: Double? {
    if case .string(let text) = self, text.hasPrefix("nan:") {
      guard let bits = UInt64(text.dropFirst(4), radix: 16) else { return nil }
      let value = Double(bitPattern: bits)
      return value.isNaN ? value : nil
    }
    return double
  }

  init(hexadecimal words: [UInt64]) { self = .array(words.map { .string(String($0, radix: 16)) }) }

  init(hexadecimal bytes: [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    self = .string(String(decoding: text, as: UTF8.self))
  }

  var hexadecimalBytes: [UInt8]? {
    guard let text = string else { return nil }
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.digit(digits[index]), let low = Self.digit(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

extension JSONValue {
  /// Values by name, in their order. A list of pairs: two metrics may have one name in no run, but a file may lie.
  init(_ values: [(name: String, value: Double)]) {
    self = .record(values.map { ($0.name, JSONValue(exactly: $0.value)) })
  }

  init(_ note: Note) {
    let content: (String, JSONValue) =
      switch note.content {
      case .text(let text): ("text", .string(text))
      case .list(let list): ("list", .array(list.map { JSONValue(exactly: $0) }))
      }
    self = .record([("name", .string(note.name)), content])
  }

  /// A line of the history.
  init(_ epoch: Epoch) {
    self = .record([
      ("epoch", .int(Int64(epoch.index))), ("seconds", JSONValue(exactly: epoch.seconds)),
      ("metrics", JSONValue(epoch.metrics)), ("notes", .array(epoch.notes.map { JSONValue($0) })),
    ])
  }
}
