/// The order of the names of categories, as places in `texts`: by value where all are numbers that a double can hold,
/// otherwise by code point. The texts are UTF-8 and all different.
package func categoryOrder<Text: Collection<UInt8>>(_ texts: [Text]) -> [Int] {
  var values: [Double] = []
  values.reserveCapacity(texts.count)
  for text in texts {
    guard let value = decimal(text) else { break }
    values.append(value)
  }
  let areNumbers = values.count == texts.count
  return texts.indices.sorted { a, b in
    if areNumbers, values[a] != values[b] { return values[a] < values[b] }
    return texts[a].lexicographicallyPrecedes(texts[b])
  }
}

/// Words such as `nan` and hexadecimal numbers are texts.
private func decimal<Text: Collection<UInt8>>(_ text: Text) -> Double? {
  let isDecimal = text.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }
  guard isDecimal, let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
    return nil
  }
  return value
}
