/// The type of an option's values.
public enum OptionType: UInt32, CaseIterable, Sendable {
  case bool = 1
  case int, float, string, choice, path, duration, metric, table, rest

  /// As users read it in an error: `int`, `duration`, …
  public var name: String { "\(self)" }
}

/// One option that a component declares: what a user may set, checked when the library was opened.
public struct OptionRow: Sendable, Equatable {
  public var key: String
  public var type: OptionType
  public var isRequired: Bool
  /// Never printed nor written to a run folder.
  public var isSecret: Bool
  /// A list of `type`; a single value is a list of one.
  public var isList: Bool
  public var doc: String
  /// As a user would write it; `nil`: the option has no default.
  public var defaultText: String?
  /// An interval such as `[0, 1)` or `(0, )`, for each element of a list; see `OptionRange`.
  public var range: String?
  /// Such as `epochs`, `s`, `bytes`.
  public var unit: String?
  /// What a `choice` may be; empty for other types.
  public var choices: [String]

  public init(
    key: String, type: OptionType, isRequired: Bool = false, isSecret: Bool = false, isList: Bool = false,
    doc: String = "", defaultText: String? = nil, range: String? = nil, unit: String? = nil,
    choices: [String] = []
  ) {
    self.key = key
    self.type = type
    self.isRequired = isRequired
    self.isSecret = isSecret
    self.isList = isList
    self.doc = doc
    self.defaultText = defaultText
    self.range = range
    self.unit = unit
    self.choices = choices
  }
}

/// A value of an option, typed as its row says: durations are seconds in `float`; choices, paths, metrics,
/// tables and rests are `text`.
public indirect enum OptionValue: Sendable, Hashable {
  case bool(Bool)
  case int(Int64)
  case float(Double)
  case text(String)
  case list([OptionValue])
}
