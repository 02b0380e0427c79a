import CTrainyard

/// Reads and checks the option rows of a component.
struct OptionReader {
  let component: String

  func rows(_ foreign: ty_component) throws(LoadFault) -> [OptionRow] {
    guard foreign.option_count > 0 else { return [] }
    guard foreign.option_count <= ModuleReader.mostOptions else {
      throw bad("it lists \(foreign.option_count) options, and \(ModuleReader.mostOptions) are the most")
    }
    guard let list = foreign.options else { throw bad("its list of options is NULL") }
    var rows: [OptionRow] = []
    for index in 0..<Int(foreign.option_count) {
      guard let pointer = Foreign.element(list, index) else { throw bad("option \(index) is NULL") }
      try add(try row(pointer, index), to: &rows)
    }
    return rows
  }

  /// Rows that have been read elsewhere.
  func check(_ rows: [OptionRow]) throws(LoadFault) {
    guard rows.count <= ModuleReader.mostOptions else {
      throw bad("it lists \(rows.count) options, and \(ModuleReader.mostOptions) are the most")
    }
    var checked: [OptionRow] = []
    for (index, row) in rows.enumerated() {
      try checkKey(row.key, index)
      guard row.choices.count <= ModuleReader.mostChoices else {
        throw bad(
          "option '\(row.key)' has \(row.choices.count) choices, and \(ModuleReader.mostChoices) are the most"
        )
      }
      if Set(row.choices).count < row.choices.count { throw bad("option '\(row.key)' has a choice twice") }
      try check(row)
      try add(row, to: &checked)
    }
  }

  private func add(_ row: OptionRow, to rows: inout [OptionRow]) throws(LoadFault) {
    if rows.contains(where: { $0.key == row.key }) { throw bad("it has two options '\(row.key)'") }
    if row.type == .rest, rows.contains(where: { $0.type == .rest }) {
      throw bad("it has two options that take the rest; the second is '\(row.key)'")
    }
    rows.append(row)
  }

  private func checkKey(_ key: String, _ index: Int) throws(LoadFault) {
    guard key.utf8.count < 65, isKey(key) else {
      throw bad("the key of option \(index) is '\(key)', and may have letters, digits and '_' only")
    }
  }

  private func row(_ pointer: UnsafeRawPointer, _ index: Int) throws(LoadFault) -> OptionRow {
    if let fault = sizeFault(pointer, needed: MemoryLayout<ty_option>.size) {
      throw bad("option \(index): \(fault)")
    }
    let foreign = Foreign.copy(pointer, over: ty_option())
    let key: String
    do {
      key = try Foreign.text(foreign.key, limit: 65)
    } catch {
      throw bad("the key of option \(index) is \(error.words)")
    }
    try checkKey(key, index)
    guard let type = OptionType(rawValue: foreign.type) else {
      throw bad(
        "option '\(key)' has type \(foreign.type), and this host knows 1 to \(OptionType.allCases.count)")
    }
    let row = OptionRow(
      key: key, type: type, isRequired: foreign.flags & UInt32(TY_OPTION_REQUIRED) != 0,
      isSecret: foreign.flags & UInt32(TY_OPTION_SECRET) != 0,
      isList: foreign.flags & UInt32(TY_OPTION_LIST) != 0, doc: try text(foreign.doc, "doc", of: key) ?? "",
      defaultText: try text(foreign.default_text, "default", of: key),
      range: try text(foreign.range, "range", of: key), unit: try text(foreign.unit, "unit", of: key),
      choices: try choices(foreign, of: key))
    try check(row)
    return row
  }

  private func choices(_ foreign: ty_option, of key: String) throws(LoadFault) -> [String] {
    guard foreign.choice_count > 0 else { return [] }
    guard foreign.choice_count <= ModuleReader.mostChoices else {
      throw bad(
        "option '\(key)' has \(foreign.choice_count) choices, and \(ModuleReader.mostChoices) are the most")
    }
    guard let list = foreign.choices else { throw bad("the choices of option '\(key)' are NULL") }
    var choices: [String] = []
    for index in 0..<Int(foreign.choice_count) {
      let start = Foreign.element(list, index)?.assumingMemoryBound(to: CChar.self)
      guard let choice = try text(start, "choice \(index)", of: key) else {
        throw bad("choice \(index) of option '\(key)' is NULL")
      }
      if choices.contains(choice) { throw bad("option '\(key)' has the choice '\(choice)' twice") }
      choices.append(choice)
    }
    return choices
  }

  /// What a row must be in itself.
  private func check(_ row: OptionRow) throws(LoadFault) {
    if row.type == .choice, row.choices.isEmpty { throw bad("option '\(row.key)' is a choice and has none") }
    if row.type == .rest, row.isList { throw bad("option '\(row.key)' takes the rest and cannot be a list") }
    if let range = row.range, OptionRange(range) == nil {
      throw bad("the range of option '\(row.key)' is '\(range)', and should be such as '[0, 1)' or '(0, )'")
    }
    guard let text = row.defaultText, !row.isRequired else { return }
    guard let value = row.value(of: text) else {
      throw bad("the default of option '\(row.key)' is '\(text)', which is no \(row.typeName)")
    }
    if let fault = row.fault(in: value) { throw bad("the default of option '\(row.key)' \(fault)") }
  }

  private func text(
    _ start: UnsafePointer<CChar>?, _ what: String, of key: String
  ) throws(LoadFault) -> String? {
    guard start != nil else { return nil }
    do {
      return try Foreign.text(start)
    } catch {
      throw bad("the \(what) of option '\(key)' is \(error.words)")
    }
  }

  private func bad(_ what: String) -> LoadFault { .badComponent(id: component, what) }
}

private func isKey(_ text: String) -> Bool {
  guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
    return false
  }
  return text.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
