/// The value of an option, checked and ready to be handed to a plugin.
///
/// | type | value |
/// |---|---|
/// | bool, int | `bool`, `int` |
/// | float | `float` |
/// | duration | `float`, in seconds |
/// | string, choice, metric | `text` |
/// | path | `text`, absolute |
/// | table, rest | `text`, as JSON |
/// | a list of these | `list` |
public enum OptionValue: Hashable, Sendable {
  case bool(Bool)
  case int(Int64)
  case float(Double)
  case text(String)
  case list([OptionValue])

  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var int: Int64? { if case .int(let value) = self { value } else { nil } }
  public var float: Double? { if case .float(let value) = self { value } else { nil } }
  public var text: String? { if case .text(let value) = self { value } else { nil } }
  /// The elements of a list; a single value is a list of one.
  public var elements: [OptionValue] { if case .list(let values) = self { values } else { [self] } }

  /// The value as a config would hold it. Tables stay JSON text, see `OptionSpec.nodes(of:)`.
  public var node: ConfigNode {
    switch self {
    case .bool(let value): ConfigNode(.bool(value))
    case .int(let value): ConfigNode(.int(value))
    case .float(let value): ConfigNode(.float(value))
    case .text(let value): ConfigNode(.string(value))
    case .list(let values): ConfigNode(.list(values.map(\.node)))
    }
  }
}

extension OptionSpec {
  /// The values as a resolved config shows them, in the order of the rows: tables as tables, the rest as
  /// keys of its own, secrets left out. Reading it again gives the same values.
  public static func nodes(of values: [String: OptionValue], for specs: [OptionSpec]) -> [ConfigNode.Entry] {
    var entries: [ConfigNode.Entry] = []
    for spec in specs where !spec.isSecret {
      guard let value = values[spec.key] else { continue }
      switch spec.type {
      case .rest: entries += table(value).entries
      case .table where spec.isList:
        let tables = ConfigNode(.list(value.elements.map(table)))
        entries.append(ConfigNode.Entry(key: spec.key, value: tables))
      case .table: entries.append(ConfigNode.Entry(key: spec.key, value: table(value)))
      default: entries.append(ConfigNode.Entry(key: spec.key, value: value.node))
      }
    }
    return entries
  }

  private static func table(_ value: OptionValue) -> ConfigNode {
    (try? JSONValue(parsing: value.text ?? "", from: "option"))?.node ?? value.node
  }
}
