/// Writes JSON text. Doubles have the fewest digits that read back as the same double.
public struct JSONWriter {
  /// On one line, without blanks but one after each `:` and `,`.
  public static func compact(_ value: JSONValue) -> String {
    var writer = JSONWriter(isPretty: false)
    writer.write(value, indent: 0)
    return writer.text
  }

  /// A member per line, indented by two; lists of scalars stay on one line. Ends with a line break.
  public static func pretty(_ value: JSONValue) -> String {
    var writer = JSONWriter(isPretty: true)
    writer.write(value, indent: 0)
    return writer.text + "\n"
  }

  /// A text in its quotes.
  public static func quoted(_ text: String) -> String {
    var writer = JSONWriter(isPretty: false)
    writer.write(text)
    return writer.text
  }

  private let isPretty: Bool
  private var text = ""

  private init(isPretty: Bool) {
    self.isPretty = isPretty
  }

  private mutating func write(_ value: JSONValue, indent: Int) {
    switch value {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .double(let value): write(value)
    case .string(let value): write(value)
    case .array(let values):
      let isOneLine = !isPretty || values.allSatisfy(\.isScalar)
      write(values, between: ("[", "]"), isOneLine: isOneLine, indent: indent) { writer, value in
        writer.write(value, indent: indent + 1)
      }
    case .object(let members):
      write(members, between: ("{", "}"), isOneLine: !isPretty, indent: indent) { writer, member in
        writer.write(member.name)
        writer.text += ": "
        writer.write(member.value, indent: indent + 1)
      }
    }
  }

  private mutating func write<Item>(
    _ items: [Item], between brackets: (String, String), isOneLine: Bool, indent: Int,
    _ body: (inout JSONWriter, Item) -> Void
  ) {
    text += brackets.0
    for (index, item) in items.enumerated() {
      if index > 0 { text += isOneLine ? ", " : "," }
      if !isOneLine { breakLine(indent + 1) }
      body(&self, item)
    }
    if !isOneLine && !items.isEmpty { breakLine(indent) }
    text += brackets.1
  }

  private mutating func breakLine(_ indent: Int) {
    text += "\n" + String(repeating: "  ", count: indent)
  }

  private mutating func write(_ value: Double) {
    if value.isNaN {
      text += "\"NaN\""
    } else if value.isInfinite {
      text += value < 0 ? "\"-Infinity\"" : "\"Infinity\""
    } else {
      text += "\(value)"
    }
  }

  private mutating func write(_ value: String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
        // Required of the first; the others end lines, are invisible, or are refused by YAML.
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSONValue {
  fileprivate var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }
}
