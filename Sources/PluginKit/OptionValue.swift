import CTrainyard

/// The types that an option may have: `Bool`, `Int`, `Double`, `String`, `MetricName`, `FilePath`,
/// `Seconds`, `JSONText`, `RestJSON`, an enum that is `OptionChoice`, and `Optional` and `Array` of these.
public protocol OptionValue {
  static var optionType: OptionType { get }
  static var isList: Bool { get }
  static var choices: [String] { get }
  /// What stands where neither a user nor a default gives a value; `nil`: nothing can, the option is required.
  static var absent: Self? { get }
  /// The value as a user would write it; `nil`: no value.
  var optionText: String? { get }
  static func read(_ key: String, from reader: OptionReader) throws -> Self
  /// One element of a list.
  static func element(_ key: String, _ index: Int, from reader: OptionReader) throws -> Self
}

extension OptionValue {
  public static var isList: Bool { false }
  public static var absent: Self? { nil }
  public static var choices: [String] { [] }
  public static func read(_ key: String, from reader: OptionReader) throws -> Self {
    try element(key, 0, from: reader)
  }
}

public enum OptionType: UInt32, Sendable {
  case bool = 1
  case int, float, string, choice, path, duration, metric, table, rest
}

/// An enum of texts as an option: `enum Mode: String, OptionChoice { case auto, min, max }`.
public protocol OptionChoice: OptionValue, CaseIterable, RawRepresentable where RawValue == String {}

/// The name of a metric.
public struct MetricName: Hashable, Sendable, Codable, ExpressibleByStringLiteral {
  public var name: String
  public init(_ name: String) { self.name = name }
  public init(stringLiteral name: String) { self.name = name }
}

/// A path, absolute by the time `create` is called.
public struct FilePath: Hashable, Sendable, Codable, ExpressibleByStringLiteral {
  public var path: String
  public init(_ path: String) { self.path = path }
  public init(stringLiteral path: String) { self.path = path }
}

/// A duration; users write `90s` or `1h30m`.
public struct Seconds: Hashable, Sendable, Codable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  public var seconds: Double
  public init(_ seconds: Double) { self.seconds = seconds }
  public init(floatLiteral seconds: Double) { self.seconds = seconds }
  public init(integerLiteral seconds: Int) { self.seconds = Double(seconds) }
}

/// A table as JSON text, which the plugin validates in `create`.
public struct JSONText: Hashable, Sendable, Codable {
  public var text: String
  public init(_ text: String) { self.text = text }
}

/// All keys that no other option declares, as one JSON object. One a component at most.
public struct RestJSON: Hashable, Sendable, Codable {
  public var text: String
  public init(_ text: String = "{}") { self.text = text }
}

extension Bool: OptionValue {
  public static var optionType: OptionType { .bool }
  public var optionText: String? { self ? "true" : "false" }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) -> Bool {
    reader.bool(key, index)
  }
}

extension Int: OptionValue {
  public static var optionType: OptionType { .int }
  public var optionText: String? { String(self) }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) -> Int {
    reader.int(key, index)
  }
}

extension Double: OptionValue {
  public static var optionType: OptionType { .float }
  public var optionText: String? { String(self) }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) -> Double {
    reader.double(key, index)
  }
}

extension String: OptionValue {
  public static var optionType: OptionType { .string }
  public var optionText: String? { quotedForYAML(self) }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) -> String {
    reader.text(key, index)
  }
}

extension MetricName: OptionValue {
  public static var optionType: OptionType { .metric }
  public var optionText: String? { quotedForYAML(name) }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) -> Self {
    Self(reader.text(key, index))
  }
}

extension FilePath: OptionValue {
  public static var optionType: OptionType { .path }
  public var optionText: String? { quotedForYAML(path) }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) -> Self {
    Self(reader.text(key, index))
  }
}

extension Seconds: OptionValue {
  public static var optionType: OptionType { .duration }
  public var optionText: String? { "\(seconds)s" }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) -> Self {
    Self(reader.double(key, index))
  }
}

extension JSONText: OptionValue {
  public static var optionType: OptionType { .table }
  public var optionText: String? { text }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) -> Self {
    Self(reader.text(key, index))
  }
}

extension RestJSON: OptionValue {
  public static var optionType: OptionType { .rest }
  public var optionText: String? { text }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) -> Self {
    Self(reader.text(key, index))
  }
}

extension OptionChoice {
  public static var optionType: OptionType { .choice }
  public static var choices: [String] { allCases.map(\.rawValue) }
  public var optionText: String? { quotedForYAML(rawValue) }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) throws -> Self {
    let text = reader.text(key, index)
    guard let value = Self(rawValue: text) else {
      throw PluginError("'\(key)' is '\(text)', and must be one of: \(choices.joined(separator: ", "))")
    }
    return value
  }
}

extension Optional: OptionValue where Wrapped: OptionValue {
  public static var optionType: OptionType { Wrapped.optionType }
  public static var absent: Self? { .some(.none) }
  public static var isList: Bool { Wrapped.isList }
  public static var choices: [String] { Wrapped.choices }
  public var optionText: String? { flatMap(\.optionText) }
  public static func read(_ key: String, from reader: OptionReader) throws -> Self {
    reader.count(key) == 0 ? .none : try Wrapped.read(key, from: reader)
  }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) throws -> Self {
    try Wrapped.element(key, index, from: reader)
  }
}

extension Array: OptionValue where Element: OptionValue {
  public static var optionType: OptionType { Element.optionType }
  public static var isList: Bool { true }
  public static var choices: [String] { Element.choices }
  public var optionText: String? { "[" + compactMap(\.optionText).joined(separator: ", ") + "]" }
  public static func read(_ key: String, from reader: OptionReader) throws -> Self {
    try (0..<reader.count(key)).map { try Element.element(key, $0, from: reader) }
  }
  public static func element(_ key: String, _ index: Int, from reader: OptionReader) throws -> Self {
    try read(key, from: reader)
  }
}

/// A text as YAML takes it for a text: quoted where it would be read as something else.
private func quotedForYAML(_ text: String) -> String {
  let plain =
    text.first.map { $0.isLetter || $0 == "/" || $0 == "_" } == true
    && text.allSatisfy { $0.isLetter || $0.isNumber || "/_-.".contains($0) }
    && !["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased())
  if plain { return text }
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    case "\n": quoted += "\\n"
    case "\t": quoted += "\\t"
    default: quoted.unicodeScalars.append(scalar)
    }
  }
  return quoted + "\""
}
