/// Reads values of options out of texts such as a row's default: `3`, `0.5`, `1h30m`, `[128, 64]`, `"a, b"`.
extension OptionRow {
  /// The value that `text` writes, or `nil` if it writes none of the row's type.
  public func value(of text: String) -> OptionValue? {
    // Tables and rests are JSON, which the plugin reads.
    if type == .table, isList, let tables = JSONList.elements(text) { return .list(tables.map { .text($0) }) }
    if type == .table || type == .rest { return .text(text) }
    var scanner = FlowScanner(text)
    if isList, scanner.skip("[") {
      var elements: [OptionValue] = []
      if scanner.skip("]") { return scanner.isAtEnd ? .list(elements) : nil }
      repeat {
        guard let element = scanner.scalar(endingAt: ",]").flatMap({ scalar($0.text, $0.isQuoted) }) else {
          return nil
        }
        elements.append(element)
      } while scanner.skip(",")
      return scanner.skip("]") && scanner.isAtEnd ? .list(elements) : nil
    }
    guard let found = scanner.scalar(endingAt: ""), scanner.isAtEnd else { return nil }
    guard let value = scalar(found.text, found.isQuoted) else { return nil }
    return isList ? .list([value]) : value
  }

  private func scalar(_ text: String, _ isQuoted: Bool) -> OptionValue? {
    switch type {
    case .bool: isQuoted ? nil : ["true": .bool(true), "false": .bool(false)][text]
    case .int: isQuoted ? nil : Int64(text).map(OptionValue.int)
    case .float: isQuoted ? nil : number(text).map(OptionValue.float)
    case .duration: seconds(text).map(OptionValue.float)
    case .choice: choices.contains(text) ? .text(text) : nil
    case .string, .path, .metric, .table, .rest: .text(text)
    }
  }

  private func number(_ text: String) -> Double? {
    switch text.lowercased() {
    case ".inf", "inf", "+.inf": .infinity
    case "-.inf", "-inf": -.infinity
    case ".nan", "nan": .nan
    default: Double(text)
    }
  }

  /// `90s`, `1h30m`, `1.5h`; a number alone is in seconds.
  private func seconds(_ text: String) -> Double? {
    if let number = Double(text) { return number.isFinite && number >= 0 ? number : nil }
    let units: [(String, Double)] = [("ms", 0.001), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1)]
    var rest = text[...]
    var total = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isNumber || $0 == "." }
      rest = rest.dropFirst(digits.count)
      guard let number = Double(digits), let unit = units.first(where: { rest.hasPrefix($0.0) }) else {
        return nil
      }
      rest = rest.dropFirst(unit.0.count)
      total += number * unit.1
    }
    return text.isEmpty ? nil : total
  }
}

/// Takes a JSON list apart without reading what is in it.
private enum JSONList {
  /// The elements' texts; `nil`: the text is no list.
  static func elements(_ text: String) -> [String]? {
    let trimmed = text.drop { $0 == " " }
    guard trimmed.first == "[" else { return nil }
    var elements: [String] = []
    var element = ""
    var depth = 0
    var isQuoted = false
    var isEscaped = false
    for character in trimmed.dropFirst() {
      if isQuoted {
        if character == "\"", !isEscaped { isQuoted = false }
        isEscaped = character == "\\" && !isEscaped
      } else if depth == 0, character == "]" || character == "," {
        if !element.allSatisfy({ $0 == " " }) { elements.append(element) }
        element = ""
        if character == "]" { return elements }
        continue
      } else {
        if character == "\"" { isQuoted = true }
        if "[{".contains(character) { depth += 1 }
        if "]}".contains(character) { depth -= 1 }
      }
      element.append(character)
    }
    return nil
  }
}

/// The little of YAML's flow style that a default needs.
private struct FlowScanner {
  private var rest: Substring

  init(_ text: String) { rest = text[...] }

  var isAtEnd: Bool { rest.allSatisfy { $0 == " " } }

  mutating func skip(_ character: Character) -> Bool {
    let trimmed = rest.drop { $0 == " " }
    guard trimmed.first == character else { return false }
    rest = trimmed.dropFirst()
    return true
  }

  /// A quoted text, or what stands before one of `ends`.
  mutating func scalar(endingAt ends: String) -> (text: String, isQuoted: Bool)? {
    if skip("\"") { return quoted("\"").map { ($0, true) } }
    if skip("'") { return quoted("'").map { ($0, true) } }
    let plain = rest.prefix { !ends.contains($0) }
    rest = rest.dropFirst(plain.count)
    let text = String(plain.drop { $0 == " " }).trimmedEnd
    return text.isEmpty && !ends.isEmpty ? nil : (text, false)
  }

  private mutating func quoted(_ mark: Character) -> String? {
    var text = ""
    while let character = rest.popFirst() {
      if character == mark {
        // In single quotes, two of them stand for one.
        guard mark == "'", rest.first == "'" else { return text }
        rest = rest.dropFirst()
        text.append("'")
      } else if character == "\\", mark == "\"" {
        guard let escaped = rest.popFirst() else { return nil }
        text.append(["n": "\n", "t": "\t"][escaped] ?? escaped)
      } else {
        text.append(character)
      }
    }
    return nil
  }
}

extension String {
  fileprivate var trimmedEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
