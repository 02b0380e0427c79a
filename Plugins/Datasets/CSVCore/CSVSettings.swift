import DataColumns
import PluginKit

/// What to read of a CSV file, and as what: the options of the plugin `csv`, which say what each means.
package struct CSVSettings {
  package var path: String
  /// Which columns are for what.
  package var choice: ColumnChoice
  package var header = true
  package var separator = ","
  package var missingValues = ["", "NA", "NaN", "nan", "null", "?"]

  /// 0: as many as there are cores. Nothing but the time depends on it.
  package var threads = 1
  /// In bytes: a smaller piece of the text is not worth a thread.
  package var leastPiece = 1 << 16

  package init(path: String) {
    self.path = path
    choice = ColumnChoice(path: path)
  }

  /// Reads the file: features in their order, then targets, weight, group and id. The file is untrusted.
  package func columns() throws -> [Column] {
    let separator = try separatorByte()
    let threads = threads == 0 ? usefulThreads : threads
    let text = try CSVText(path, threads: threads, leastPiece: leastPiece)
    var scanner = CSVScanner(text, from: text.firstCell, to: text.count, line: 1, separator: separator)
    let names = try columnNames(&scanner)
    let plans = try choice.plan(names, hint: "is `separator` right? it is '\(separator)'")
    let rules = TableRules(self, separator: separator, width: names.count)
    var table = try CSVTable(text, scanner, plans: plans, rules: rules, threads: threads)
    try table.read()
    return try table.columns()
  }

  private func separatorByte() throws -> UInt8 {
    if separator == "tab" || separator == "\\t" { return UInt8(ascii: "\t") }
    let bytes = Array(separator.utf8)
    guard bytes.count == 1, bytes[0] < 0x80, !isPartOfCells(bytes[0]) else {
      throw PluginError(
        "`separator` is '\(separator)', and must be one ASCII character that is no letter, digit, quote, sign, "
          + "point, blank or line end", help: "such as \",\", \";\", \"|\" or tab")
    }
    return bytes[0]
  }

  private func columnNames(_ scanner: inout CSVScanner) throws -> [String] {
    guard scanner.beginRow() else {
      throw PluginError("'\(path)' is empty", help: "a CSV file has at least a line with names")
    }
    var names: [String] = []
    var reader = scanner
    repeat { names.append(try reader.cell().text) } while !reader.rowEnded
    guard header else { return names.indices.map { "column_\($0)" } }
    scanner = reader
    var positions: [String: Int] = [:]
    for index in names.indices {
      if names[index].isEmpty { names[index] = "column_\(index)" }
      if let first = positions.updateValue(index, forKey: names[index]) {
        throw PluginError(
          "columns \(first + 1) and \(index + 1) of '\(path)' are both named '\(names[index])'",
          help: "rename one of them"
            + (looksLikeData(names) ? ", or set `header: false` if line 1 is data" : ""))
      }
    }
    return names
  }
}

private func isPartOfCells(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "\""), UInt8(ascii: "+"), UInt8(ascii: "-"),
    UInt8(ascii: "."), UInt8(ascii: " "), 0, 0x0a, 0x0d:
    true
  default: false
  }
}

private func looksLikeData(_ names: [String]) -> Bool { names.contains { Double($0) != nil } }
