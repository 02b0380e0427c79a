/// Durations as people write them: `90s`, `1h30m`, `2d`, `500ms`, `1.5h`.
enum DurationText {
  private static let units: [(name: String, seconds: Double)] = [
    ("d", 86400), ("h", 3600), ("m", 60), ("s", 1), ("ms", 0.001),
  ]

  /// In seconds; `nil` for anything else. Units go from long to short, each once; a number without a unit is
  /// in seconds.
  static func seconds(_ text: String) -> Double? {
    if text == "inf" || text == "infs" { return .infinity }
    if YAMLScalar.isNumber(text) { return Double(text).flatMap { $0.isFinite ? $0 : nil } }
    var rest = text[...]
    var total = 0.0
    var allowed = units[...]
    while !rest.isEmpty {
      let letters = rest.drop { $0.isNumber || $0 == "." || $0 == "-" || $0 == "e" }
      let number = rest[..<letters.startIndex]
      let name = letters.prefix { $0.isLetter }
      guard !number.hasPrefix("-"), YAMLScalar.isNumber(number), let value = Double(number),
        let unit = allowed.firstIndex(where: { $0.name == name })
      else { return nil }
      total += value * allowed[unit].seconds
      allowed = allowed[(unit + 1)...]
      rest = letters.dropFirst(name.count)
    }
    return text.isEmpty || !total.isFinite ? nil : total
  }
}
