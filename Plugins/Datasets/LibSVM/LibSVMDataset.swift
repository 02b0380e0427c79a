import DataColumns
import LibSVMCore
import PluginKit

/// Rows of a text file in the format of LIBSVM and SVMlight. The work is done in `LibSVMCore`.
final class LibSVMDataset: ColumnDataset {
  static let about = About(
    id: "libsvm", version: "0.1.0", summary: "Sparse rows of a LIBSVM or SVMlight text file, also with qid.")

  @Option("The file: a row is `label [qid:group] index:value … [# comment]`. May be gzipped.")
  var file: FilePath

  @Option("What the labels are. Class numbers such as 0 and 1 are numbers, too: give category for them.")
  var targetType = LibSVMSettings.TargetType.number

  @Option(
    "Number of features; by default the highest index. Give it where a file may lack the last ones, as one to "
      + "evaluate or predict may.", range: "[1, 2147483647]")
  var features: Int? = nil

  @Option("The index of the first feature: 1 as the format has it, or 0.", range: "[0, 1]")
  var indexBase = 1

  @Option(
    "A file whose rows take more with absent values written out as zeros is refused.", range: "[1, )",
    unit: "bytes")
  var memoryLimit = 4 << 30

  private(set) var columns: [Column] = []

  func create(_ host: Host) throws {
    var settings = LibSVMSettings(path: file.path)
    settings.targetType = targetType
    settings.features = features
    settings.indexBase = indexBase
    settings.memoryLimit = memoryLimit
    columns = try settings.columns()
  }

  /// Nothing: what is in memory depends on the options alone.
  func reset() {}
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(LibSVMDataset.self, to: args, license: "Apache-2.0")
}
