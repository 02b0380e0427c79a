/// Whether a value fits its row.
extension OptionRow {
  /// What is wrong with a value, as words that follow "the option 'patience'"; `nil`: it fits type, choices and
  /// range.
  public func fault(in value: OptionValue) -> String? {
    guard let elements = elements(of: value) else {
      let expected =
        choices.isEmpty ? "a value of type \(typeName)" : "one of: " + choices.joined(separator: ", ")
      return "is \(value.text), and must be \(expected)"
    }
    let range = range.map { OptionRange($0) ?? .finite } ?? .finite
    for element in elements {
      let isInside =
        switch element {
        case .int(let value): range.contains(Double(value))
        case .float(let value): type == .duration ? range.containsDuration(value) : range.contains(value)
        default: true
        }
      if !isInside {
        return "is \(element.text)"
          + (self.range.map { ", outside its range \($0)" } ?? ", and must be finite")
      }
    }
    return nil
  }

  /// The value as the getters of `ty_host` see it: its elements, of the row's own type. `nil`: it does not fit.
  func elements(of value: OptionValue) -> [OptionValue]? {
    if isList, case .list(let list) = value {
      let elements = list.compactMap(element)
      return elements.count == list.count ? elements : nil
    }
    return element(of: value).map { [$0] }
  }

  private func element(of value: OptionValue) -> OptionValue? {
    switch (type, value) {
    case (.bool, .bool), (.int, .int), (.float, .float), (.duration, .float): value
    case (.float, .int(let number)), (.duration, .int(let number)): .float(Double(number))
    case (.choice, .text(let text)): choices.contains(text) ? value : nil
    case (.string, .text), (.path, .text), (.metric, .text), (.table, .text), (.rest, .text): value
    default: nil
    }
  }

  /// Such as `int` or `list of string`.
  public var typeName: String { isList ? "list of \(type.name)" : type.name }
}

extension OptionValue {
  /// For people: `3`, `'min'`, `[1, 2]`.
  var text: String {
    switch self {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .text(let value): "'\(value)'"
    case .list(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
    }
  }
}
