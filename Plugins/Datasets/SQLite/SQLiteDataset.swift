import DataColumns
import PluginKit
import SQLiteCore

/// The rows that a query gives of an SQLite database. The work is done in `SQLiteCore`.
final class SQLiteDataset: ColumnDataset {
  static let about = About(
    id: "sqlite", version: "0.1.0", summary: "The rows that a query gives of an SQLite database.")

  @Option("The database. It is opened for reading only.")
  var file: FilePath

  @Option("One SELECT. Add ORDER BY where the order of the rows matters, as for a time series.")
  var query: String

  @Option("The column to predict, or several. Without it there is no target.")
  var target: [String] = []

  @Option(
    "What the target is. auto: a category when it is listed in `categorical` or holds texts, and otherwise a number. "
      + "Class numbers such as 0 and 1 are numbers, too: give category for them.")
  var targetType = ColumnChoice.TargetType.auto

  @Option(
    "The target may be absent, as in data to predict for: where its column does not exist or has NULLs, there is no "
      + "target instead of an error.")
  var targetOptional = false

  @Option("The columns to learn from, in this order. By default all that have no other use.")
  var features: [String] = []

  @Option("Columns that hold categories, also where their values are numbers. Texts are categories anyway.")
  var categorical: [String] = []

  @Option("Columns to leave out.")
  var ignore: [String] = []

  @Option("The column with the weights of the rows.")
  var weight: String? = nil

  @Option("The column that says which rows belong together, such as a query or a patient.")
  var group: String? = nil

  @Option("The column with the names or numbers of the rows, for predictions.")
  var id: String? = nil

  private(set) var columns: [Column] = []

  func create(_ host: Host) throws {
    var settings = SQLiteSettings(path: file.path, query: query)
    settings.choice.target = target
    settings.choice.targetType = targetType
    settings.choice.targetOptional = targetOptional
    settings.choice.features = features
    settings.choice.categorical = categorical
    settings.choice.ignore = ignore
    settings.choice.weight = weight
    settings.choice.group = group
    settings.choice.id = id
    columns = try settings.columns()
  }

  /// Nothing: what is in memory depends on the options alone.
  func reset() {}
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(SQLiteDataset.self, to: args, license: "Apache-2.0")
}
