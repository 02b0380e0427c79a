import DataColumns
import DataFiles
import PluginKit

/// Columns of a CSV file: numbers and categories.
final class CSVDataset: ColumnDataset {
  static let about = About(
    id: "csv", version: "0.1.0", summary: "Numeric and categorical columns of a CSV file, also gzipped.")

  enum TargetType: String, OptionChoice { case auto, category, number }

  @Option("The file, UTF-8 as RFC 4180 has it. May be gzipped.")
  var file: FilePath

  @Option("The column to predict, or several. Without it there is no target.")
  var target: [String] = []

  @Option(
    "What the target is. auto: a category when it is listed in `categorical` or a cell of it is not a number, and "
      + "otherwise a number. Class numbers such as 0 and 1 are numbers, too: give category for them.")
  var targetType = TargetType.auto

  @Option(
    "The target may be absent, as in a file to predict for: where its column does not exist or has missing cells, "
      + "there is no target instead of an error.")
  var targetOptional = false

  @Option("The first line has the names of the columns; otherwise they are column_0, column_1, and so on.")
  var header = true

  @Option("What stands between the cells: one ASCII character, or the word tab.")
  var separator = ","

  @Option("The columns to learn from, in this order. By default all that have no other use.")
  var features: [String] = []

  @Option("Columns that hold categories, not numbers.")
  var categorical: [String] = []

  @Option("Columns to leave out.")
  var ignore: [String] = []

  @Option("The column with the weights of the rows.")
  var weight: String? = nil

  @Option("The column that says which rows belong together, such as a query or a patient.")
  var group: String? = nil

  @Option("The column with the names or numbers of the rows, for predictions.")
  var id: String? = nil

  @Option("Cells that stand for a missing value.")
  var missingValues = ["", "NA", "NaN", "nan", "null", "?"]

  private(set) var columns: [Column] = []

  func create(_ host: Host) throws {
    let separator = try separatorByte()
    // A line feed after the text ends the last cell without a check at every byte.
    let (text, count) = try DataFile(file.path).readAll(spare: 1)
    var scanner = try CSVScanner(text, count: count, separator: separator, path: file.path)
    let names = try columnNames(&scanner)
    let plans = try plan(names)
    var table = try CSVTable(
      width: names.count, rowLimit: scanner.rowLimit(width: names.count), plans: plans, of: self)
    try table.read(&scanner)
    columns = try table.columns()
  }

  /// Nothing: what is in memory depends on the options alone.
  func reset() {}

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
      throw PluginError("'\(file.path)' is empty", help: "a CSV file has at least a line with names")
    }
    var names: [String] = []
    var reader = scanner
    reader.unfolds = header  // the first line of data is read again
    repeat { names.append(try reader.cell().text) } while !reader.rowEnded
    guard header else { return names.indices.map { "column_\($0)" } }
    scanner = reader
    var positions: [String: Int] = [:]
    for index in names.indices {
      if names[index].isEmpty { names[index] = "column_\(index)" }
      if let first = positions.updateValue(index, forKey: names[index]) {
        throw PluginError(
          "columns \(first + 1) and \(index + 1) of '\(file.path)' are both named '\(names[index])'",
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

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(CSVDataset.self, to: args, license: "Apache-2.0")
}
