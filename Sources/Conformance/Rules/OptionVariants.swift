import PluginHost

/// Values of options that are not their defaults.
enum OptionVariants {
  /// Some that the row allows and that differ from its default.
  static func other(_ row: OptionRow) -> [OptionValue] {
    let usual = row.defaultText.flatMap { row.value(of: $0) }
    return valid(row).filter { $0 != usual }
  }

  /// Some that the row allows: small numbers, each choice, both of yes and no.
  static func valid(_ row: OptionRow) -> [OptionValue] {
    let range = row.range.flatMap { OptionRange($0) }
    let one: [OptionValue] =
      switch row.type {
      case .bool: [.bool(true), .bool(false)]
      case .int: [1, 2, 3].filter { range?.contains($0) ?? true }.map { .int(Int64($0)) }
      case .float, .duration: [0.5, 0.125, 3].filter { range?.contains($0) ?? true }.map { .float($0) }
      case .choice: row.choices.map { .text($0) }
      case .metric: ["loss", "accuracy"].map { .text($0) }
      case .string, .path, .table, .rest: []
      }
    return row.isList ? one.map { .list([$0]) } : one
  }

  /// The ends of a row's range, each choice, both of yes and no.
  static func bounds(_ row: OptionRow) -> [OptionValue] {
    let numbers = OptionBounds(row).ends
    let one: [OptionValue] =
      switch row.type {
      case .bool: [.bool(true), .bool(false)]
      case .int: numbers.compactMap { Int64(exactly: $0).map(OptionValue.int) } + unbounded(row)
      case .float, .duration: numbers.map { .float($0) } + unbounded(row)
      case .choice: row.choices.map { .text($0) }
      case .string, .metric, .path, .table, .rest: []
      }
    return row.isList ? one.map { .list([$0]) } : one
  }

  /// Where a range has no end, numbers that nobody expects.
  private static func unbounded(_ row: OptionRow) -> [OptionValue] {
    let range = row.range.flatMap { OptionRange($0) } ?? .finite
    switch row.type {
    case .int:
      return [Int64.max, Int64.min, 0, -1].filter { range.contains(Double($0)) }.map { .int($0) }
    case .float:
      return [1e308, -1e308, 0, .infinity, -.infinity].filter(range.contains).map { .float($0) }
    case .duration: return [1e12, 0].filter(range.contains).map { .float($0) }
    default: return []
    }
  }

  /// What the host must refuse before the plugin sees it.
  static func outside(_ row: OptionRow) -> [OptionValue] {
    let numbers = OptionBounds(row).outside
    let one: [OptionValue] =
      switch row.type {
      case .int:
        numbers.compactMap { Int64(exactly: $0).map(OptionValue.int) } + [.float(0.5), .text("text")]
      case .float, .duration: numbers.map { .float($0) } + [.float(.nan), .text("text"), .bool(true)]
      case .bool: [.int(1), .text("yes")]
      case .choice: [.text("no such choice"), .int(1)]
      case .string, .metric, .path, .table, .rest: [.int(1)]
      }
    return row.isList ? one.map { .list([$0]) } : one
  }

  /// Texts that the host lets through and the plugin has to judge.
  static func garbage(_ row: OptionRow) -> [OptionValue] {
    let texts = [
      "", " ", "{", "[]", "null", "[[[", "{\"a\": }", "{\"0\": -1, \"x\": []}", "..", "../../x", "%s%n",
      "é\u{1F600}",
      "1e999", String(repeating: "a", count: 5000), "{{{{", "{epoch", "{loss:.999999999f}", ":",
    ]
    switch row.type {
    case .string, .metric, .path, .table, .rest:
      return texts.map { row.isList ? .list([.text($0)]) : .text($0) } + (row.isList ? [.list([])] : [])
    case .int where row.isList, .float where row.isList, .choice where row.isList:
      return [.list([])]
    default: return []
    }
  }
}

extension OptionValue {
  /// As a user would write it.
  var plainText: String {
    switch self {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .float(let value): ScriptedHost.text(value)
    case .text(let value): value.count > 40 ? "'\(value.prefix(40))…'" : "'\(value)'"
    case .list(let values): "[" + values.map(\.plainText).joined(separator: ", ") + "]"
    }
  }
}
