/// One JSON object in one line, built key by key in their order.
public struct JSONObject {
  private var members = ""

  public init() {}

  public var text: String { "{" + members + "}" }

  public mutating func add(_ key: String, _ value: Int) { add(key, json: "\(value)") }
  public mutating func add(_ key: String, _ value: Double) { add(key, json: Self.number(value)) }
  public mutating func add(_ key: String, _ value: String) { add(key, json: Self.string(value)) }
  public mutating func add(_ key: String, _ values: [Double]) {
    add(key, json: "[" + values.map(Self.number).joined(separator: ", ") + "]")
  }

  private mutating func add(_ key: String, json: String) {
    if !members.isEmpty { members += ", " }
    members += Self.string(key) + ": " + json
  }

  /// The shortest digits that identify the Double. JSON has no NaN and no infinities: they are texts.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "\"NaN\"" }
    if value.isInfinite { return value < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
    return value.pythonRepr
  }

  static func string(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
