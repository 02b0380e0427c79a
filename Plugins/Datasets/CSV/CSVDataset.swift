import CSVCore
import DataColumns
import PluginKit

/// Columns of a CSV file: numbers and categories. The work is done in `CSVCore`.
final class CSVDataset: ColumnDataset {
  static let about = About(
    id: "csv", version: "0.1.0", summary: "Numeric and categorical columns of a CSV file, also gzipped.")

  @Option("The file, UTF-8 as RFC 4180 has it. May be gzipped.")
  var file: FilePath

  @Option("The column to predict, or several. Without it there is no target.")
  var target: [String] = []

  @Option(
    "What the target is. auto: a category when it is listed in `categorical` or a cell of it is not a number, and "
      + "otherwise a number. Class numbers such as 0 and 1 are numbers, too: give category for them.")
  var targetType = ColumnChoice.TargetType.auto

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

  @Option(
    "Threads to read the file with; 0: as many as there are cores, up to 16. What is read does not depend on it.",
    range: "[0, 1024]")
  var threads = 0

  private(set) var columns: [Column] = []

  func create(_ host: Host) throws {
    var settings = CSVSettings(path: file.path)
    settings.choice.target = target
    settings.choice.targetType = targetType
    settings.choice.targetOptional = targetOptional
    settings.header = header
    settings.separator = separator
    settings.choice.features = features
    settings.choice.categorical = categorical
    settings.choice.ignore = ignore
    settings.choice.weight = weight
    settings.choice.group = group
    settings.choice.id = id
    settings.missingValues = missingValues
    settings.threads = threads
    columns = try settings.columns()
  }

  /// Nothing: what is in memory depends on the options alone.
  func reset() {}
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(CSVDataset.self, to: args, license: "Apache-2.0")
}
