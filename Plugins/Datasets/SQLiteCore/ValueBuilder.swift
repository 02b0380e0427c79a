import DataColumns
import PluginKit

/// Gathers the values of one column of a query, row by row, and makes a column of them.
final class ValueBuilder {
  private enum Content {
    /// Not yet known: all were missing so far.
    case open
    case numbers, categories
    /// Whole numbers, as long as all are.
    case keys
  }

  private let plan: ColumnPlan
  private let targetOptional: Bool
  private let path: String
  private var content: Content
  private var count = 0
  private var lacksTargets = false
  private var numbers: Growing<Double>
  private var keys: Growing<Int64>
  private var codes: Growing<Int32>
  private var names = CategoryNames()

  init(_ plan: ColumnPlan, targetOptional: Bool, path: String) throws {
    self.plan = plan
    self.targetOptional = targetOptional
    self.path = path
    (numbers, keys, codes) = (try Growing(), try Growing(), try Growing())
    content =
      switch (plan.content, plan.role) {
      case (.category, _): .categories
      case (.key, _): .keys
      // Values have types here: a feature is what its values are.
      case (.number, .feature), (.numberOrCategory, _): .open
      case (.number, _): .numbers
      }
  }

  func add(_ rows: QueriedRows, row: Int) throws {
    let kind = rows.kind(plan.position)
    switch (kind, content) {
    case (.blob, _): throw unfit("a blob", row, help: "cast it in `query`, or leave the column out")
    case (.null, _): try addMissing(row)
    case (.text, .open), (.text, .categories): try become(.categories).addName(rows.text(plan.position), row)
    case (.text, .keys): try keysToNames().addName(rows.text(plan.position), row)
    case (.text, .numbers):
      let text = String(decoding: rows.text(plan.position).prefix(40), as: UTF8.self)
      let mixed = plan.content == .number && plan.role != .feature
      throw unfit(
        "the text '\(text)'" + (mixed ? "" : ", and others in it are numbers"), row,
        help: plan.role == .weight
          ? "a weight is a number"
          : "list it in `categorical`, or cast it in `query`: CAST(\(plan.name) AS REAL)")
    case (.integer, .keys): try keys.append(rows.integer(plan.position))
    case (.real, .keys): try keysToNames().addNumber(rows, kind, row)
    case (_, .open), (_, .numbers):
      let value = rows.real(plan.position)
      guard value.isFinite else { throw unfit("\(value)", row, help: "leave the row out") }
      try become(.numbers).numbers.append(value)
    case (_, .categories):
      guard plan.content == .category || plan.content == .key else {
        throw unfit(
          "the number \(rows.real(plan.position)), and others in it are texts", row,
          help: "list it in `categorical`, or cast it in `query`: CAST(\(plan.name) AS TEXT)")
      }
      try addNumber(rows, kind, row)
    }
    count += 1
  }

  /// `nil`: a target that may be absent, and is.
  func column() throws -> Column? {
    if plan.role == .target, lacksTargets { return nil }
    switch content {
    case .open, .numbers: return try column(numbers.memory, .float64)
    case .keys: return try column(keys.memory, .int64)
    case .categories:
      let values = UnsafeMutableBufferPointer(start: codes.memory.start(as: Int32.self), count: count)
      return try column(codes.memory, .int32, names.sort(values))
    }
  }

  private func column(_ memory: Memory, _ type: ElementType, _ categories: [String] = []) throws -> Column {
    let field = Field(name: plan.name, role: plan.role, type: type, categories: categories)
    return try Column(field, rowCount: count, in: memory)
  }

  // MARK: Values

  /// Missing values that came before stand in the column that it becomes.
  private func become(_ wanted: Content) throws -> ValueBuilder {
    if case .open = content {
      content = wanted
      if wanted == .categories { for _ in 0..<count { try codes.append(-1) } }
    }
    return self
  }

  private func keysToNames() throws -> ValueBuilder {
    content = .categories
    for row in 0..<count { try codes.append(try names.code(of: Array("\(keys[row])".utf8))) }
    return self
  }

  private func addName(_ text: [UInt8], _ row: Int) throws {
    guard !text.contains(0), String(validating: text, as: UTF8.self) != nil else {
      throw unfit("a text that is not UTF-8", row, help: "mend the value, or leave the row out")
    }
    try codes.append(try names.code(of: text))
  }

  private func addNumber(_ rows: QueriedRows, _ kind: QueriedRows.Kind, _ row: Int) throws {
    let text = kind == .integer ? "\(rows.integer(plan.position))" : "\(rows.real(plan.position))"
    try codes.append(try names.code(of: Array(text.utf8)))
  }

  private func addMissing(_ row: Int) throws {
    switch plan.role {
    case .target where targetOptional: lacksTargets = true
    case .target, .weight, .group:
      throw PluginError(
        "the \(plan.role) is missing in row \(row) of the query on '\(path)': column '\(plan.name)' is NULL",
        help: plan.role == .target
          ? "add WHERE \(plan.name) IS NOT NULL, or set `target_optional: true` where there is nothing to learn"
          : "add WHERE \(plan.name) IS NOT NULL")
    default: break
    }
    switch content {
    case .open, .numbers: try numbers.append(.nan)
    case .categories: try codes.append(-1)
    case .keys: try keysToNames().codes.append(-1)
    }
  }

  private func unfit(_ what: String, _ row: Int, help: String) -> PluginError {
    PluginError(
      "column '\(plan.name)' has \(what) in row \(row) of the query on '\(path)'",
      help: "rows count from 0; " + help)
  }
}

/// Values in memory that grows with them.
private struct Growing<Value: BitwiseCopyable> {
  let memory: Memory
  private var count = 0

  init() throws { memory = try Memory(byteCount: 0) }

  subscript(row: Int) -> Value { memory.start(as: Value.self)[row] }

  mutating func append(_ value: Value) throws {
    let (size, room) = (MemoryLayout<Value>.stride, memory.byteCount)
    if (count + 1) * size > room { try memory.grow(to: max(4096, room + room / 2)) }
    memory.start(as: Value.self)[count] = value
    count += 1
  }
}
