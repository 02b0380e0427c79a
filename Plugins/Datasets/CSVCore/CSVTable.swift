import DataColumns
import PluginKit

/// The rows of a CSV text on their way into columns.
struct CSVTable {
  private let path: String
  private let rowLimit: Int
  private let targetOptional: Bool
  private let missing: [[UInt8]]
  private let longestMissing: Int
  /// By first byte: a missing value may begin so.
  private let beginsMissing: [Bool]

  /// By position in the file; `nil`: the column is not used.
  private var builders: [ColumnBuilder?]
  private let plans: [ColumnPlan]
  private var rowCount = 0
  private var lacksTargets = false

  /// - Parameters:
  ///   - width: cells in each row.
  ///   - rowLimit: there are no more rows than that.
  init(width: Int, rowLimit: Int, plans: [ColumnPlan], of settings: CSVSettings) throws {
    path = settings.path
    self.rowLimit = rowLimit
    targetOptional = settings.choice.targetOptional
    missing = settings.missingValues.map { Array($0.utf8) }
    longestMissing = missing.map(\.count).max() ?? -1
    var begins = [Bool](repeating: false, count: 256)
    for text in missing { if let first = text.first { begins[Int(first)] = true } }
    beginsMissing = begins
    self.plans = plans
    builders = Array(repeating: nil, count: width)
    for plan in plans { builders[plan.position] = try ColumnBuilder.make(plan, rowLimit: rowLimit) }
  }

  mutating func read(_ scanner: inout CSVScanner) throws {
    // Where a number stands for a missing value, as −999 may, every cell must be compared.
    let takesPlainNumbers = !missing.contains { $0.first.map(beginsNumber) ?? false }
    let numbers = builders.map { takesPlainNumbers ? $0?.numbers : nil }
    try numbers.withUnsafeBufferPointer { numbers in
      while scanner.beginRow() {
        // It is mapped: another program may have written to it since its lines were counted.
        guard rowCount < rowLimit else {
          throw PluginError(
            "'\(path)' was changed while it was read", help: "read it when nothing writes to it")
        }
        try readRow(&scanner, numbers)
      }
    }
  }

  private mutating func readRow(
    _ scanner: inout CSVScanner, _ numbers: UnsafeBufferPointer<UnsafeMutablePointer<Double>?>
  ) throws {
    let line = scanner.line
    var position = 0
    repeat {
      if position < numbers.count, numbers[position] != nil {
        position += scanner.numbers(into: UnsafeBufferPointer(rebasing: numbers[position...]), row: rowCount)
        if scanner.rowEnded { break }
      }
      let cell = try scanner.cell()
      if position < builders.count, let builder = builders[position] {
        do {
          try put(cell, into: builder, line: scanner.cellLine)
        } catch {
          // A cell too many, or one too few, explains what stands in the wrong column.
          let found = try scanner.skipRow() + position + 1
          throw found == builders.count ? error : ragged(line, found)
        }
      }
      position += 1
    } while !scanner.rowEnded
    guard position == builders.count else { throw ragged(line, position) }
    rowCount += 1
  }

  /// In the order of the plans.
  func columns() throws -> [Column] {
    try plans.compactMap { plan in
      if plan.role == .target, lacksTargets { return nil }
      return try builders[plan.position]?.column(rowCount: rowCount)
    }
  }

  private mutating func put(_ cell: Cell, into builder: ColumnBuilder, line: Int) throws {
    if cell.count <= longestMissing, cell.count == 0 || beginsMissing[Int(cell.start.pointee)],
      isMissing(cell)
    {
      switch builder.plan.role {
      case .target where targetOptional: lacksTargets = true
      case .target, .weight, .group:
        throw PluginError(
          "the \(builder.plan.role) is missing in line \(line) of '\(path)': column '\(builder.plan.name)' is "
            + "'\(cell.text)'",
          help: builder.plan.role == .target
            ? "take the row out, or set `target_optional: true` in a file to predict for" : "take the row out"
        )
      default: break
      }
      builder.setMissing(row: rowCount)
    } else if try !builder.set(cell, row: rowCount) {
      throw PluginError(
        "text in a numeric column: '\(cell.shortText)' in column '\(builder.plan.name)', line \(line) of "
          + "'\(path)'", help: remedy(for: builder.plan))
    }
  }

  private func isMissing(_ cell: Cell) -> Bool {
    missing.contains { text in text.withUnsafeBufferPointer(cell.equals) }
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
      "line \(line) of '\(path)' has \(found) \(found == 1 ? "cell" : "cells"), and the first line has "
        + "\(builders.count)", help: "quote cells that contain the separator")
  }
}

private func beginsNumber(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
  default: false
  }
}
