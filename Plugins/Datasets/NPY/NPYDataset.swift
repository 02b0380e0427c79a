import DataColumns
import NumPyCore
import PluginKit

/// Arrays from NPY files, each a file of its own. The work is done in `NumPyCore`.
final class NPYDataset: ColumnDataset {
  static let about = About(
    id: "npy", version: "0.1.0", summary: "NumPy arrays from NPY files, mapped into memory where possible.")

  @Option("The NPY file of the features: one row for each size of its first dimension. May be gzipped.")
  var features: FilePath

  @Option("The NPY file of what to predict. Without it there is no target.")
  var target: FilePath? = nil

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

  @Option("The NPY file with the weights of the rows.")
  var weight: FilePath? = nil

  @Option("The NPY file that says which rows belong together, such as a query or a patient.")
  var group: FilePath? = nil

  @Option("The NPY file with the names or numbers of the rows, for predictions.")
  var id: FilePath? = nil

  @Option(
    "Leave the values on the disk, mapped into memory, where their layout allows. The files must then not change "
      + "while they are used. false: read them whole.")
  var map = true

  private(set) var columns: [Column] = []

  func create(_ host: Host) throws {
    var settings = NumPySettings(features: features.path)
    settings.target = target?.path
    settings.targetType = targetType
    settings.classes = classes
    settings.classNames = classNames
    settings.weight = weight?.path
    settings.group = group?.path
    settings.id = id?.path
    settings.map = map
    columns = try settings.columns()
  }

  /// Nothing: what is in memory depends on the options alone.
  func reset() {}
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(NPYDataset.self, to: args, license: "Apache-2.0")
}
