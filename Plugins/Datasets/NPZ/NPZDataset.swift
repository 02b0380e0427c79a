import DataColumns
import NumPyCore
import PluginKit

/// Arrays of one NPZ archive. The work is done in `NumPyCore`.
final class NPZDataset: ColumnDataset {
  static let about = About(
    id: "npz", version: "0.1.0", summary: "NumPy arrays of an NPZ archive, stored or compressed.")

  @Option("The NPZ file.")
  var file: FilePath

  @Option("The array of the features, by its name: one row for each size of its first dimension.")
  var features: String

  @Option("The array of what to predict. Without it there is no target.")
  var target: String? = nil

  @Option(
    "What the target is. auto: a category when it holds texts, truth values or one whole number for each row, "
      + "otherwise numbers.")
  var targetType = NumPySettings.TargetType.auto

  @Option(
    "Number of classes; class numbers run from 0 to one less. By default as many as class_names, or else one more "
      + "than the largest.", range: "[1, 16777216]")
  var classes: Int? = nil

  @Option("Names of the classes, in the order of their numbers.")
  var classNames: [String] = []

  @Option("The array with the weights of the rows.")
  var weight: String? = nil

  @Option("The array that says which rows belong together, such as a query or a patient.")
  var group: String? = nil

  @Option("The array with the names or numbers of the rows, for predictions.")
  var id: String? = nil

  @Option(
    "Leave arrays that are not compressed on the disk, mapped into memory, where their layout allows. The file must "
      + "then not change while it is used. false: read it whole.")
  var map = true

  private(set) var columns: [Column] = []

  func create(_ host: Host) throws {
    var settings = NumPySettings(features: features)
    settings.archive = file.path
    settings.target = target
    settings.targetType = targetType
    settings.classes = classes
    settings.classNames = classNames
    settings.weight = weight
    settings.group = group
    settings.id = id
    settings.map = map
    columns = try settings.columns()
  }

  /// Nothing: what is in memory depends on the options alone.
  func reset() {}
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(NPZDataset.self, to: args, license: "Apache-2.0")
}
