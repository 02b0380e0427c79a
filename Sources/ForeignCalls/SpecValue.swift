/// A value as somebody wrote it: what YAML, JSON and an embedding program have in common.
public indirect enum SpecValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case float(Double)
  case text(String)
  case list([SpecValue])
  case map([(key: String, value: SpecValue)])

  public subscript(key: String) -> SpecValue? {
    guard case .map(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  public var text: String? { if case .text(let text) = self { text } else { nil } }

  /// An integer or a float; a number that is written as a text is none.
  public var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  /// As messages show it.
  public var shown: String {
    switch self {
    case .null: "nothing"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .text(let text): "'\(text)'"
    case .list: "a list"
    case .map: "a map"
    }
  }

  public static func == (left: SpecValue, right: SpecValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.int(let left), .int(let right)): left == right
    case (.float(let left), .float(let right)): left == right
    case (.text(let left), .text(let right)): left == right
    case (.list(let left), .list(let right)): left == right
    case (.map(let left), .map(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    default: false
    }
  }
}
