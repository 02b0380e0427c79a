import DataColumns
import Glibc
import PluginKit

/// Makes one column of the cells that its parts gathered. Its memory has a place for every row, and parts write to it
/// side by side, each to rows of its own.
class ColumnBuilder {
  let plan: ColumnPlan

  init(_ plan: ColumnPlan) { self.plan = plan }

  /// For the rows of one piece of the text.
  func part() -> ColumnPart { ColumnPart(plan) }
  func move(_ first: Int, to row: Int, count: Int) {}
  func column(_ slices: [ColumnSlice], rowCount: Int, threads: Int) throws -> Column {
    throw PluginError("a column without values")
  }

  static func make(_ plan: ColumnPlan, rowLimit: Int) throws -> ColumnBuilder {
    switch plan.content {
    case .number: try NumberBuilder(plan, rowLimit: rowLimit)
    case .category: try CategoryBuilder(plan, rowLimit: rowLimit)
    case .numberOrCategory, .key: try UndecidedBuilder(plan, rowLimit: rowLimit)
    }
  }
}

/// Gathers the cells of a column in some rows.
class ColumnPart {
  let plan: ColumnPlan

  init(_ plan: ColumnPlan) { self.plan = plan }

  /// Where a column of numbers goes, so that plain ones are written there without a call.
  var numbers: UnsafeMutablePointer<Double>? { nil }
  /// False where the column cannot hold that cell.
  func set(_ cell: Cell, row: Int) throws -> Bool { false }
  func setMissing(row: Int) {}
}

/// A part, and where its rows came to lie.
struct ColumnSlice {
  var part: ColumnPart
  var rows: Range<Int>
}

extension Memory {
  fileprivate func move<Value>(_ type: Value.Type, _ first: Int, to row: Int, count: Int) {
    let size = MemoryLayout<Value>.stride
    memmove(base + row * size, base + first * size, count * size)
  }
}

// MARK: Numbers

private final class NumberBuilder: ColumnBuilder {
  private let memory: Memory

  init(_ plan: ColumnPlan, rowLimit: Int) throws {
    memory = try Memory(Double.self, count: rowLimit)
    super.init(plan)
  }

  override func part() -> ColumnPart { NumberPart(plan, memory.start(as: Double.self)) }

  override func move(_ first: Int, to row: Int, count: Int) {
    memory.move(Double.self, first, to: row, count: count)
  }

  override func column(_ slices: [ColumnSlice], rowCount: Int, threads: Int) throws -> Column {
    try Column(Field(name: plan.name, role: plan.role, type: .float64), rowCount: rowCount, in: memory)
  }
}

private final class NumberPart: ColumnPart {
  private let values: UnsafeMutablePointer<Double>

  init(_ plan: ColumnPlan, _ values: UnsafeMutablePointer<Double>) {
    self.values = values
    super.init(plan)
  }

  override var numbers: UnsafeMutablePointer<Double>? { values }

  override func set(_ cell: Cell, row: Int) -> Bool {
    guard let value = number(in: cell) else { return false }
    values[row] = value
    return true
  }

  override func setMissing(row: Int) { values[row] = .nan }
}

// MARK: Categories

private final class CategoryBuilder: ColumnBuilder {
  private let memory: Memory

  init(_ plan: ColumnPlan, rowLimit: Int) throws {
    memory = try Memory(Int32.self, count: rowLimit)
    super.init(plan)
  }

  override func part() -> ColumnPart { CategoryPart(plan, memory.start(as: Int32.self)) }

  override func move(_ first: Int, to row: Int, count: Int) {
    memory.move(Int32.self, first, to: row, count: count)
  }

  override func column(_ slices: [ColumnSlice], rowCount: Int, threads: Int) throws -> Column {
    let tables = slices.map { ($0.part as? CategoryPart)?.table ?? CategoryTable() }
    return try categoryColumn(
      plan, memory, zip(tables, slices.map(\.rows)).map { ($0, $1) }, rowCount, threads)
  }
}

private final class CategoryPart: ColumnPart {
  private(set) var table = CategoryTable()
  private let codes: UnsafeMutablePointer<Int32>

  init(_ plan: ColumnPlan, _ codes: UnsafeMutablePointer<Int32>) {
    self.codes = codes
    super.init(plan)
  }

  override func set(_ cell: Cell, row: Int) throws -> Bool {
    codes[row] = try table.code(of: cell)
    return true
  }

  override func setMissing(row: Int) { codes[row] = -1 }
}

/// Codes of tables of their own become codes of one.
private func categoryColumn(
  _ plan: ColumnPlan, _ memory: Memory, _ parts: [(table: CategoryTable, rows: Range<Int>)], _ rowCount: Int,
  _ threads: Int
) throws -> Column {
  var all = CategoryTable()
  let common = try parts.map { try all.add($0.table) }
  let (names, places) = all.sorted()
  let codes = memory.start(as: Int32.self)
  _ = try onThreads(threads, pieces: parts.count) { index in
    let places = common[index].map { places[Int($0)] }
    for row in parts[index].rows where codes[row] >= 0 { codes[row] = places[Int(codes[row])] }
  }
  let field = Field(name: plan.name, role: plan.role, type: .int32, categories: names)
  return try Column(field, rowCount: rowCount, in: memory)
}

// MARK: One or the other

/// Reads numbers, and keeps where the cells lie in the text, until all are known.
private final class UndecidedBuilder: ColumnBuilder {
  fileprivate struct Entry: BitwiseCopyable {
    /// `nil`: missing.
    var cell: Cell?
  }

  private let entries: Memory
  /// Doubles, or whole numbers of a key: eight bytes each.
  private let values: Memory

  init(_ plan: ColumnPlan, rowLimit: Int) throws {
    entries = try Memory(Entry.self, count: rowLimit)
    values = try Memory(Double.self, count: rowLimit)
    super.init(plan)
  }

  override func part() -> ColumnPart {
    UndecidedPart(plan, entries.start(as: Entry.self), values.base)
  }

  override func move(_ first: Int, to row: Int, count: Int) {
    entries.move(Entry.self, first, to: row, count: count)
    values.move(Double.self, first, to: row, count: count)
  }

  override func column(_ slices: [ColumnSlice], rowCount: Int, threads: Int) throws -> Column {
    if !slices.contains(where: { ($0.part as? UndecidedPart)?.areNumbers != true }) {
      let type: ElementType = plan.content == .key ? .int64 : .float64
      return try Column(Field(name: plan.name, role: plan.role, type: type), rowCount: rowCount, in: values)
    }
    let codes = try Memory(Int32.self, count: rowCount)
    let start = codes.start(as: Int32.self)
    let cells = entries.start(as: Entry.self)
    let tables = try onThreads(threads, pieces: slices.count) { index in
      var table = CategoryTable()
      for row in slices[index].rows { start[row] = try cells[row].cell.map { try table.code(of: $0) } ?? -1 }
      return table
    }
    return try categoryColumn(
      plan, codes, zip(tables, slices.map(\.rows)).map { ($0, $1) }, rowCount, threads)
  }
}

private final class UndecidedPart: ColumnPart {
  /// All cells so far.
  private(set) var areNumbers = true
  private let entries: UnsafeMutablePointer<UndecidedBuilder.Entry>
  private let values: UnsafeMutableRawPointer

  init(
    _ plan: ColumnPlan, _ entries: UnsafeMutablePointer<UndecidedBuilder.Entry>,
    _ values: UnsafeMutableRawPointer
  ) {
    self.entries = entries
    self.values = values
    super.init(plan)
  }

  override func set(_ cell: Cell, row: Int) -> Bool {
    entries[row].cell = cell
    guard areNumbers else { return true }
    if plan.content == .key {
      guard let value = wholeNumber(in: cell) else {
        areNumbers = false
        return true
      }
      values.assumingMemoryBound(to: Int64.self)[row] = value
    } else {
      guard let value = number(in: cell) else {
        areNumbers = false
        return true
      }
      values.assumingMemoryBound(to: Double.self)[row] = value
    }
    return true
  }

  override func setMissing(row: Int) {
    entries[row].cell = nil
    if plan.content == .key {
      areNumbers = false
    } else {
      values.assumingMemoryBound(to: Double.self)[row] = .nan
    }
  }
}
