import DataColumns
import PluginKit

/// What rows of a table are checked against.
struct TableRules {
  let path: String
  let separator: UInt8
  let width: Int
  let targetOptional: Bool
  private let missing: [[UInt8]]
  private let longestMissing: Int
  /// By first byte: a missing value may begin so.
  private let beginsMissing: [Bool]
  /// Where a number stands for a missing value, as −999 may, every cell must be compared.
  let takesPlainNumbers: Bool

  init(_ settings: CSVSettings, separator: UInt8, width: Int) {
    path = settings.path
    self.separator = separator
    self.width = width
    targetOptional = settings.choice.targetOptional
    missing = settings.missingValues.map { Array($0.utf8) }
    longestMissing = missing.map(\.count).max() ?? -1
    var begins = [Bool](repeating: false, count: 256)
    for text in missing { if let first = text.first { begins[Int(first)] = true } }
    beginsMissing = begins
    takesPlainNumbers = !missing.contains { $0.first.map(beginsNumber) ?? false }
  }

  @inline(__always) func isMissing(_ cell: Cell) -> Bool {
    cell.count <= longestMissing && (cell.count == 0 || beginsMissing[Int(cell.start.pointee)])
      && missing.contains { text in text.withUnsafeBufferPointer(cell.equals) }
  }

  /// It is mapped: another program may have written to it since its lines were counted.
  var changed: PluginError {
    PluginError("'\(path)' was changed while it was read", help: "read it when nothing writes to it")
  }
}

/// The rows of a piece of a CSV text on their way into columns. Parts are read side by side.
struct TablePart {
  private(set) var scanner: CSVScanner
  private(set) var rowCount = 0
  private(set) var lacksTargets = false
  /// By position in the file; `nil`: the column is not used.
  let columns: [ColumnPart?]
  let firstRow: Int
  private let rowLimit: Int
  private let rules: TableRules

  /// - Parameters:
  ///   - line: where the piece begins, for errors.
  ///   - rows: the place in the columns that is kept for it.
  init(
    _ scanner: CSVScanner, rows: Range<Int>, into builders: [ColumnBuilder?], rules: TableRules
  ) {
    self.scanner = scanner
    self.rules = rules
    firstRow = rows.lowerBound
    rowLimit = rows.count
    columns = builders.map { $0?.part() }
  }

  mutating func read() throws {
    let numbers = columns.map { rules.takesPlainNumbers ? $0?.numbers : nil }
    try numbers.withUnsafeBufferPointer { numbers in
      while scanner.beginRow() {
        guard rowCount < rowLimit else { throw rules.changed }
        try readRow(numbers)
      }
    }
  }

  private mutating func readRow(_ numbers: UnsafeBufferPointer<UnsafeMutablePointer<Double>?>) throws {
    let line = scanner.line
    var position = 0
    repeat {
      if position < numbers.count, numbers[position] != nil {
        position += scanner.numbers(
          into: UnsafeBufferPointer(rebasing: numbers[position...]), row: firstRow + rowCount)
        if scanner.rowEnded { break }
      }
      let cell = try scanner.cell()
      if position < columns.count, let column = columns[position] {
        do {
          try put(cell, into: column, line: scanner.cellLine)
        } catch {
          // A cell too many, or one too few, explains what stands in the wrong column.
          let found = try scanner.skipRow() + position + 1
          throw found == columns.count ? error : ragged(line, found)
        }
      }
      position += 1
    } while !scanner.rowEnded
    guard position == columns.count else { throw ragged(line, position) }
    rowCount += 1
  }

  private mutating func put(_ cell: Cell, into column: ColumnPart, line: Int) throws {
    let plan = column.plan
    if rules.isMissing(cell) {
      switch plan.role {
      case .target where rules.targetOptional: lacksTargets = true
      case .target, .weight, .group:
        throw PluginError(
          "the \(plan.role) is missing in line \(line) of '\(rules.path)': column '\(plan.name)' is "
            + "'\(cell.text)'",
          help: plan.role == .target
            ? "take the row out, or set `target_optional: true` in a file to predict for" : "take the row out"
        )
      default: break
      }
      column.setMissing(row: firstRow + rowCount)
    } else if try !column.set(cell, row: firstRow + rowCount) {
      throw PluginError(
        "text in a numeric column: '\(cell.shortText)' in column '\(plan.name)', line \(line) of "
          + "'\(rules.path)'", help: remedy(for: plan))
    }
  }

  private func remedy(for plan: ColumnPlan) -> String {
    let orMissing = "or list the text in `missing_values`"
    switch plan.role {
    case .target: return "set `target_type: category`, " + orMissing
    case .feature: return "list '\(plan.name)' in `categorical` or `ignore`, " + orMissing
    default: return "a \(plan.role) is a number"
    }
  }

  private func ragged(_ line: Int, _ found: Int) -> PluginError {
    PluginError(
      "line \(line) of '\(rules.path)' has \(found) \(found == 1 ? "cell" : "cells"), and the first line has "
        + "\(columns.count)", help: "quote cells that contain the separator")
  }
}

private func beginsNumber(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
  default: false
  }
}
