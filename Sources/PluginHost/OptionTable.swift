/// The options of one instance while its `create` runs: the user's values over the defaults.
final class OptionTable {
  private let rows: [String: OptionRow]
  private let values: [String: [OptionValue]]
  private var texts: [UnsafeMutablePointer<CChar>] = []

  init(_ component: ComponentDescription, _ given: [String: OptionValue]) throws {
    var rows: [String: OptionRow] = [:]
    var values: [String: [OptionValue]] = [:]
    for row in component.options { rows[row.key] = row }
    for key in given.keys.sorted() where rows[key] == nil {
      throw HostError.noSuchOption(component: component.id, key: key)
    }
    for row in component.options {
      if let value = given[row.key] {
        if let fault = row.fault(in: value) {
          throw HostError.wrongOption(component: component.id, key: row.key, fault: fault)
        }
        values[row.key] = row.elements(of: value)
      } else if row.isRequired {
        throw HostError.missingOption(component: component.id, key: row.key)
      } else if let text = row.defaultText {
        // Checked when the library was opened.
        values[row.key] = row.value(of: text).flatMap(row.elements)
      }
    }
    self.rows = rows
    self.values = values
  }

  /// Where texts lie; on the heap unless a watch is set.
  var memory = LentMemory(watch: nil)

  deinit {
    for text in texts { memory.takeBack(text) }
  }

  struct Misuse: Error {
    var words: String
  }

  func count(_ key: String) throws(Misuse) -> Int {
    guard rows[key] != nil else { throw undeclared(key) }
    return values[key]?.count ?? 0
  }

  func bool(_ key: String, _ index: UInt64) throws(Misuse) -> Bool {
    guard case .bool(let value) = try element(key, index, "option_bool", [.bool]) else { return false }
    return value
  }

  func int(_ key: String, _ index: UInt64) throws(Misuse) -> Int64 {
    guard case .int(let value) = try element(key, index, "option_int", [.int]) else { return 0 }
    return value
  }

  func float(_ key: String, _ index: UInt64) throws(Misuse) -> Double {
    guard case .float(let value) = try element(key, index, "option_float", [.float, .duration]) else {
      return 0
    }
    return value
  }

  /// Lives as long as the table.
  func text(_ key: String, _ index: UInt64) throws(Misuse) -> UnsafePointer<CChar>? {
    let types: [OptionType] = [.string, .choice, .path, .metric, .table, .rest]
    guard case .text(let value) = try element(key, index, "option_text", types) else { return nil }
    let copy = memory.text(value, "the text of option '\(key)'")
    texts.append(copy)
    return UnsafePointer(copy)
  }

  private func element(
    _ key: String, _ index: UInt64, _ getter: String, _ types: [OptionType]
  ) throws(Misuse) -> OptionValue {
    guard let row = rows[key] else { throw undeclared(key) }
    guard types.contains(row.type) else {
      throw Misuse(words: "option '\(key)' is declared as \(row.typeName) and was asked for by \(getter)()")
    }
    let values = values[key] ?? []
    guard index < UInt64(values.count) else {
      throw Misuse(words: "value \(index) of option '\(key)' was asked for, and it has \(values.count)")
    }
    return values[Int(index)]
  }

  private func undeclared(_ key: String) -> Misuse {
    let nearest = NearestName.of(key, among: rows.keys).map { "; the nearest is '\($0)'" } ?? ""
    return Misuse(words: "option '\(key)' was asked for, and no row declares it\(nearest)")
  }
}
