import PluginHost

/// The options that instances are made with: what the user gave, and made-up values for what is required and was
/// not given.
public struct InstanceOptions {
  public let values: [String: OptionValue]
  /// Keys whose values are made up.
  public let madeUp: [String]

  var madeUpText: String {
    (madeUp.count == 1 ? "the option " : "the options ") + madeUp.map { "'\($0)'" }.joined(separator: ", ")
  }

  /// Throws `CheckError` for an option that the component does not have or a text that is no value of it.
  init(_ component: ComponentDescription, given: [(key: String, text: String)], scratch: String) throws {
    var values: [String: OptionValue] = [:]
    for (key, text) in given {
      guard let row = component.option(key) else {
        let nearest = NearestName.of(key, among: component.options.map(\.key))
        throw CheckError(
          "'\(component.id)' has no option '\(key)'",
          help: nearest.map { "did you mean '\($0)'?" } ?? "`trainyard inspect` shows its options")
      }
      guard let value = row.value(of: text) else {
        throw CheckError(
          "the option '\(key)' of '\(component.id)' is '\(text)', and must be a \(row.typeName)")
      }
      if let fault = row.fault(in: value) {
        throw CheckError("the option '\(key)' of '\(component.id)' \(fault)")
      }
      values[key] = value
    }
    var madeUp: [String] = []
    for row in component.options where row.isRequired && values[row.key] == nil {
      values[row.key] = Self.invent(row, scratch)
      madeUp.append(row.key)
    }
    self.values = values
    self.madeUp = madeUp
  }

  private static func invent(_ row: OptionRow, _ scratch: String) -> OptionValue {
    let one: OptionValue =
      switch row.type {
      case .bool: .bool(true)
      case .int: .int(Int64(OptionBounds(row).inside))
      case .float, .duration: .float(OptionBounds(row).inside)
      case .choice: .text(row.choices.first ?? "")
      case .metric: .text("val_loss")
      case .path: .text(scratch + "/" + row.key)
      case .table, .rest: .text("{}")
      case .string: .text("text")
      }
    return row.isList ? .list([one]) : one
  }
}

/// Numbers on both sides of the ends of a row's range.
struct OptionBounds {
  private let range: OptionRange?
  private let isInt: Bool
  private let isFloat: Bool

  init(_ row: OptionRow) {
    range = row.range.flatMap { OptionRange($0) }
    isInt = row.type == .int
    isFloat = row.type == .float
  }

  /// A small number that the range contains.
  var inside: Double {
    guard let range else { return 1 }
    if range.contains(1) { return 1 }
    if let lower = range.finiteLower, let upper = range.finiteUpper {
      return isInt ? (range.includesLower ? lower : lower + 1) : lower + (upper - lower) / 2
    }
    if let lower = range.finiteLower { return range.includesLower ? lower : lower + 1 }
    if let upper = range.finiteUpper { return range.includesUpper ? upper : upper - 1 }
    return 1
  }

  /// The ends that belong to the range, or what is next to them within it.
  var ends: [Double] {
    guard let range else { return [] }
    let lower = range.lower.map { range.includesLower ? $0 : above($0) }
    let upper = range.upper.map { range.includesUpper ? $0 : below($0) }
    return [lower, upper].compactMap { $0 }.filter(range.contains)
  }

  /// What lies just outside.
  var outside: [Double] {
    guard let range else { return infinite }
    let lower = range.lower.map { range.includesLower ? below($0) : $0 }
    let upper = range.upper.map { range.includesUpper ? above($0) : $0 }
    return [lower, upper].compactMap { $0 }.filter { !range.contains($0) } + infinite
  }

  /// What a float is not, unless its range says so.
  private var infinite: [Double] {
    isFloat ? [.infinity, -.infinity].filter { !(range ?? .finite).contains($0) } : []
  }

  private func above(_ value: Double) -> Double { isInt ? value + 1 : value.nextUp }
  private func below(_ value: Double) -> Double { isInt ? value - 1 : value.nextDown }
}
