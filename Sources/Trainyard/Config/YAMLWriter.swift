/// Writes a node as YAML that reads back as the same node: maps in blocks, lists of scalars in brackets.
public struct YAMLWriter {
  public static func text(_ node: ConfigNode) -> String {
    var writer = YAMLWriter()
    writer.write(node, indent: 0, follows: .start)
    return writer.text
  }

  /// What stands before a value on its line.
  private enum Lead { case start, key, dash }

  private var text = ""

  private mutating func write(_ node: ConfigNode, indent: Int, follows lead: Lead) {
    switch node.value {
    case .map(let entries) where !entries.isEmpty:
      if lead == .key { text += "\n" }
      for (index, entry) in entries.enumerated() {
        // The first key of a list's element stands beside the dash.
        if lead != .dash || index > 0 { text += String(repeating: "  ", count: indent) }
        writeKey(Self.scalar(entry.key), indent)
        write(entry.value, indent: indent + 1, follows: .key)
      }
    case .list(let elements) where elements.contains { !$0.isFlowScalar }:
      if lead == .key { text += "\n" }
      for (index, element) in elements.enumerated() {
        if lead != .dash || index > 0 { text += String(repeating: "  ", count: indent) }
        text += "- "
        write(element, indent: indent + 1, follows: .dash)
      }
    default:
      text += (lead == .key ? " " : "") + Self.flow(node) + "\n"
    }
  }

  private mutating func writeKey(_ key: String, _ indent: Int) {
    // YAML ends its search for the ':' of a key after 1024 characters, unless a '?' announces one.
    text += key.utf8.count < 1000 ? key : "? \(key)\n" + String(repeating: "  ", count: indent)
    text += ":"
  }

  private static func flow(_ node: ConfigNode) -> String {
    switch node.value {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .float(let value): YAMLScalar.text(of: value)
    case .string(let value): scalar(value)
    case .list(let elements): "[" + elements.map(flow).joined(separator: ", ") + "]"
    case .map: "{}"
    }
  }

  /// Without quotes where that cannot be misread.
  private static func scalar(_ text: String) -> String {
    let isSafe =
      text.utf8.allSatisfy { byte in
        let character = Unicode.Scalar(byte)
        return byte < 0x80 && (character.properties.isAlphabetic || character.properties.numericType != nil)
          || "_-./+".utf8.contains(byte)
      } && text.utf8.first.map { "-.".utf8.contains($0) } == false
    if isSafe, case .string? = YAMLScalar.value(of: text),
      !["yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
    {
      return text
    }
    // YAML reads JSON's quotes and escapes.
    return JSONWriter.quoted(text)
  }
}

extension ConfigNode {
  fileprivate var isFlowScalar: Bool {
    switch value {
    case .list, .map: false
    default: true
    }
  }
}
