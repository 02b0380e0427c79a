import PluginHost

/// What a component says of itself, for people and as JSON Schema.
public struct PluginDescription {
  let component: ComponentDescription

  init(_ component: ComponentDescription) { self.component = component }

  public var schema: JSONValue { JSONSchema.component(ComponentSpec(component)) }

  /// Kind, version, hooks and options, as lines for a terminal.
  /// - Parameters:
  ///   - width: Columns of the terminal.
  ///   - words: What an instance says when it is made; see `Catalog.words`.
  public func text(width: Int = 100, words: [String] = []) -> String {
    var lines = ["\(component.kind.name) '\(component.id)', version \(component.version)"]
    lines += Self.wrapped(component.summary, indent: 2, width: width)
    lines.append("")
    lines.append(fact("library", component.libraryPath))
    lines.append(fact("built for", "ABI \(component.abi)"))
    if let license = component.license { lines.append(fact("license", license)) }
    if let author = component.author { lines.append(fact("author", author)) }
    for (index, text) in words.enumerated() { lines.append(fact(index == 0 ? "says" : "", text)) }
    if component.kind == .callback {
      lines.append(fact("hooks", component.hooks.isEmpty ? "none" : component.hooks.joined(separator: ", ")))
    }
    if !component.slots.isEmpty { lines.append(fact("also", component.slots.joined(separator: ", "))) }
    if component.options.isEmpty {
      lines.append(fact("options", "none"))
    } else {
      lines.append("")
      lines.append("options:")
      for row in component.options { lines += option(OptionSpec(row), width: width) }
    }
    return lines.joined(separator: "\n")
  }

  private func fact(_ name: String, _ value: String) -> String {
    "  \(name)\(name.isEmpty ? " " : ":")" + String(repeating: " ", count: max(1, 12 - name.count)) + value
  }

  private func option(_ spec: OptionSpec, width: Int) -> [String] {
    var facts = [spec.isList ? "list of \(spec.type.rawValue)" : spec.type.rawValue]
    if spec.type == .choice {
      facts[0] = (spec.isList ? "list of " : "") + spec.choices.joined(separator: " | ")
    }
    if let interval = spec.interval { facts.append(interval.description) }
    if let unit = spec.unit { facts.append("in \(unit)") }
    if spec.isRequired {
      facts.append("required")
    } else if spec.isSecret {
      facts.append("secret")
    } else {
      facts.append(spec.defaultText.map { "default \($0)" } ?? "no default")
    }
    return ["  \(spec.key): \(facts.joined(separator: ", "))"]
      + Self.wrapped(spec.doc, indent: 6, width: width)
  }

  /// The text in lines of at most `width`, broken between words.
  public static func wrapped(_ text: String, indent: Int, width: Int) -> [String] {
    let space = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if !line.isEmpty, indent + line.count + 1 + word.count > width {
        lines.append(space + line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    if !line.isEmpty { lines.append(space + line) }
    return lines
  }
}
