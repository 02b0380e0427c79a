import PluginKit

/// A file name with fields in braces, as Python's `str.format` has them: `{epoch:02d}-{val_loss:.4f}`.
public struct NameTemplate {
  public enum Value {
    case int(Int)
    case number(Double)
  }

  private enum Part {
    case text(String)
    case field(name: String, FormatSpec)
  }

  /// As the user wrote it.
  public let text: String
  private var parts: [Part] = []

  /// - Parameter insertsNames: `{loss:.2f}` becomes `loss=0.25`, as in Lightning.
  public init(_ text: String, insertsNames: Bool = false) throws {
    self.text = text
    var rest = Substring(text)
    var literal = ""
    while let character = rest.popFirst() {
      if (character == "{" || character == "}") && rest.first == character {
        literal.append(rest.removeFirst())
      } else if character == "{" {
        guard let end = rest.firstIndex(of: "}") else { throw Self.error("'{' without '}'", text) }
        let (name, spec) = try Self.field(rest[..<end], text)
        if insertsNames { literal += name + "=" }
        if !literal.isEmpty { parts.append(.text(literal)) }
        literal = ""
        parts.append(.field(name: name, spec))
        rest = rest[rest.index(after: end)...]
      } else if character == "}" {
        throw Self.error("'}' without '{'", text)
      } else {
        literal.append(character)
      }
    }
    if !literal.isEmpty { parts.append(.text(literal)) }
  }

  private static func field(
    _ content: Substring, _ text: String
  ) throws -> (name: String, spec: FormatSpec) {
    let colon = content.firstIndex(of: ":")
    let name = content[..<(colon ?? content.endIndex)]
    guard let first = name.first, !first.isNumber, !name.contains(where: { "{!".contains($0) }) else {
      throw error("'{\(content)}' does not name a metric", text)
    }
    let spec = colon.map { content[content.index(after: $0)...] } ?? ""
    return (String(name), try FormatSpec(spec))
  }

  private static func error(_ what: String, _ text: String) -> PluginError {
    PluginError(
      "\(what) in the template '\(text)'",
      help: "fields look like {epoch:02d} or {val_loss:.4f}; a brace itself is written twice")
  }

  /// The names of the fields, in order.
  public var names: [String] {
    parts.compactMap { if case .field(let name, _) = $0 { name } else { nil } }
  }

  /// The text with every field filled in. A name without a value is an error.
  public func filled(_ value: (String) -> Value?) throws -> String {
    var result = ""
    for part in parts {
      switch part {
      case .text(let text): result += text
      case .field(let name, let spec):
        switch value(name) {
        case .int(let value): result += spec.format(value)
        case .number(let value): result += spec.format(value)
        case nil:
          throw PluginError(
            "no metric '\(name)' at this point of the run for the template '\(text)'",
            help: "take '{\(name)}' out of the template, or name a metric that every epoch has")
        }
      }
    }
    return result
  }
}
