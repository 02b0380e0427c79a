import DataColumns
import PluginKit

/// Gathers the cells of one column, row by row, and makes a column of them.
class ColumnBuilder {
  let plan: ColumnPlan

  init(_ plan: ColumnPlan) { self.plan = plan }

  /// Where a column of numbers goes, so that plain ones are written there without a call.
  var numbers: UnsafeMutablePointer<Double>? { nil }
  /// False where the column cannot hold that cell.
  func set(_ cell: Cell, row: Int) throws -> Bool { false }
  func setMissing(row: Int) {}
  func column(rowCount: Int) throws -> Column { throw PluginError("a column without values") }

  static func make(_ plan: ColumnPlan, rowLimit: Int) throws -> ColumnBuilder {
    switch plan.content {
    case .number: try NumberBuilder(plan, rowLimit: rowLimit)
    case .category: try CategoryBuilder(plan, rowLimit: rowLimit)
    case .numberOrCategory, .key: try UndecidedBuilder(plan, rowLimit: rowLimit)
    }
  }
}

private final class NumberBuilder: ColumnBuilder {
  private let memory: Memory

  init(_ plan: ColumnPlan, rowLimit: Int) throws {
    memory = try Memory(Double.self, count: rowLimit)
    super.init(plan)
  }

  override var numbers: UnsafeMutablePointer<Double>? { memory.start(as: Double.self) }

  override func set(_ cell: Cell, row: Int) -> Bool {
    guard let value = number(in: cell) else { return false }
    memory.start(as: Double.self)[row] = value
    return true
  }

  override func setMissing(row: Int) { memory.start(as: Double.self)[row] = .nan }

  override func column(rowCount: Int) throws -> Column {
    try Column(Field(name: plan.name, role: plan.role, type: .float64), rowCount: rowCount, in: memory)
  }
}

private final class CategoryBuilder: ColumnBuilder {
  private let memory: Memory
  private var table = CategoryTable()

  init(_ plan: ColumnPlan, rowLimit: Int) throws {
    memory = try Memory(Int32.self, count: rowLimit)
    super.init(plan)
  }

  override func set(_ cell: Cell, row: Int) throws -> Bool {
    memory.start(as: Int32.self)[row] = try table.code(of: cell)
    return true
  }

  override func setMissing(row: Int) { memory.start(as: Int32.self)[row] = -1 }

  override func column(rowCount: Int) throws -> Column {
    let (names, places) = table.sorted()
    let codes = memory.start(as: Int32.self)
    for row in 0..<rowCount where codes[row] >= 0 { codes[row] = places[Int(codes[row])] }
    let field = Field(name: plan.name, role: plan.role, type: .int32, categories: names)
    return try Column(field, rowCount: rowCount, in: memory)
  }
}

/// Keeps where the cells lie in the text, until all are known.
private final class UndecidedBuilder: ColumnBuilder {
  private struct Entry: BitwiseCopyable {
    /// `nil`: missing.
    var cell: Cell?
  }

  private let memory: Memory
  private let rowLimit: Int

  init(_ plan: ColumnPlan, rowLimit: Int) throws {
    memory = try Memory(Entry.self, count: rowLimit)
    self.rowLimit = rowLimit
    super.init(plan)
  }

  override func set(_ cell: Cell, row: Int) -> Bool {
    memory.start(as: Entry.self)[row] = Entry(cell: cell)
    return true
  }

  override func setMissing(row: Int) { memory.start(as: Entry.self)[row] = Entry(cell: nil) }

  override func column(rowCount: Int) throws -> Column {
    let numbers =
      plan.content == .key
      ? try wholeNumbers(rowCount) : try refill(NumberBuilder(plan, rowLimit: rowCount), rowCount)
    if let numbers { return numbers }
    guard let categories = try refill(CategoryBuilder(plan, rowLimit: rowCount), rowCount) else {
      throw PluginError("column '\(plan.name)' holds neither numbers nor categories")
    }
    return categories
  }

  private func refill(_ builder: ColumnBuilder, _ rowCount: Int) throws -> Column? {
    let entries = memory.start(as: Entry.self)
    for row in 0..<rowCount {
      if let cell = entries[row].cell {
        guard try builder.set(cell, row: row) else { return nil }
      } else {
        builder.setMissing(row: row)
      }
    }
    return try builder.column(rowCount: rowCount)
  }

  private func wholeNumbers(_ rowCount: Int) throws -> Column? {
    let entries = memory.start(as: Entry.self)
    let values = try Memory(Int64.self, count: rowCount)
    for row in 0..<rowCount {
      guard let cell = entries[row].cell, let value = wholeNumber(in: cell) else { return nil }
      values.start(as: Int64.self)[row] = value
    }
    return try Column(Field(name: plan.name, role: plan.role, type: .int64), rowCount: rowCount, in: values)
  }
}
