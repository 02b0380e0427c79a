import PluginHost

/// An option of a component, or a key of the pipeline file: what it is called, takes and means.
public struct OptionSpec: Hashable, Sendable {
  public enum ValueType: String, Hashable, Sendable, CaseIterable {
    case bool, int, float, string
    /// One of `choices`.
    case choice
    /// Relative to the pipeline file; absolute once it is read.
    case path
    /// `90s`, `1h30m`, or a number of seconds; seconds once it is read.
    case duration
    /// The name of a metric.
    case metric
    /// Whatever the plugin makes of it; JSON text once it is read.
    case table
    /// All keys that no other option declares, as one JSON object.
    case rest
  }

  public var key: String
  public var type: ValueType
  /// A sentence or two.
  public var doc: String
  /// As a user would write it, `[128, 64]`. `nil`: there is none.
  public var defaultText: String?
  /// An interval such as `[0, 1)`, of each element.
  public var range: String?
  public var unit: String?
  public var choices: [String]
  public var isRequired: Bool
  /// Never printed nor written to a run folder.
  public var isSecret: Bool
  /// A list of `type`; a single value is a list of one.
  public var isList: Bool

  public init(
    _ key: String, _ type: ValueType, _ doc: String = "", default defaultText: String? = nil,
    range: String? = nil, unit: String? = nil, choices: [String] = [], isRequired: Bool = false,
    isSecret: Bool = false, isList: Bool = false
  ) {
    self.key = key
    self.type = type
    self.doc = doc
    self.defaultText = defaultText
    self.range = range
    self.unit = unit
    self.choices = choices
    self.isRequired = isRequired
    self.isSecret = isSecret
    self.isList = isList
  }

  /// `range`, where it is one.
  public var interval: OptionRange? { range.flatMap(OptionRange.init) }

  /// What a value must be: `an integer, at least 0`.
  public var expectation: String {
    let element =
      switch type {
      case .bool: "true or false"
      case .int: "an integer"
      case .float: "a number"
      case .string: "a text"
      case .choice: "one of \(choices.joined(separator: ", "))"
      case .path: "a path"
      case .duration: "a duration such as 90s or 1h30m"
      case .metric: "the name of a metric"
      case .table, .rest: "a table"
      }
    return isList ? "a list, each element \(element)" : element
  }

  /// The row in one line: `patience: int, default 0, at least 0, in epochs. Epochs without improvement …`.
  public var summary: String {
    var facts = [isList ? "list of \(type.rawValue)" : type.rawValue]
    if type == .choice { facts = [expectation] }
    if isRequired { facts.append("required") }
    if let defaultText, !isSecret { facts.append("default \(defaultText)") }
    if let interval { facts.append(interval.description) }
    if let unit { facts.append("in \(unit)") }
    return "\(key): \(facts.joined(separator: ", "))" + (doc.isEmpty ? "" : ". \(doc)")
  }
}
