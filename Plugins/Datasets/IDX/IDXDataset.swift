import DataColumns
import IDXCore
import PluginKit

/// Images (or any arrays) and labels from two IDX files, the format of MNIST and its relatives. The work is
/// done in `IDXCore`.
final class IDXDataset: ColumnDataset {
  static let about = About(
    id: "idx", version: "0.1.0", summary: "Images and labels from IDX files, as MNIST has them, also gzipped."
  )

  @Option("The IDX file of the features: one row for each size of its first dimension. May be gzipped.")
  var images: FilePath

  @Option("The IDX file of the labels: one whole number for each row. Without it there is no target.")
  var labels: FilePath? = nil

  @Option(
    "Number of classes; labels run from 0 to one less. By default as many as class_names, or else one more than "
      + "the largest label.", range: "[1, 2147483647]")
  var classes: Int? = nil

  @Option("Names of the classes, in the order of the labels.")
  var classNames: [String] = []

  @Option("Read only so many rows, from the start. By default all.", range: "[1, )", unit: "rows")
  var limit: Int? = nil

  private(set) var columns: [Column] = []

  func create(_ host: Host) throws {
    var settings = IDXSettings(images: images.path)
    settings.labels = labels?.path
    settings.classes = classes
    settings.classNames = classNames
    settings.limit = limit
    columns = try settings.columns()
  }

  /// Nothing: what is in memory depends on the options alone.
  func reset() {}
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(IDXDataset.self, to: args, license: "Apache-2.0")
}
