import DataColumns
import PluginKit

/// Images (or any arrays) and labels from two IDX files, the format of MNIST and its relatives.
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
    let images = try IDXFile(images.path)
    var columns = [
      try images.readColumn(limit: limit) { Field(name: "image", role: .feature, type: $0, shape: $1) }
    ]
    if let path = labels {
      let labels = try IDXFile(path.path)
      guard labels.header.rowCount == images.header.rowCount else {
        throw PluginError(
          "'\(path.path)' has \(labels.header.rowCount) labels, and '\(images.path)' has "
            + "\(images.header.rowCount) rows",
          help: "give the images and the labels of the same part of the data")
      }
      columns.append(try readLabels(labels))
    }
    self.columns = columns
  }

  /// Nothing: what is in memory depends on the options alone.
  func reset() {}

  private func readLabels(_ file: IDXFile) throws -> Column {
    guard file.header.rowShape.isEmpty, !file.header.type.isFloatingPoint else {
      throw PluginError(
        "'\(file.path)' has \(file.header.shapeText) values of \(file.header.type), and labels are one list of "
          + "whole numbers", help: "are `images` and `labels` swapped?")
    }
    if !classNames.isEmpty, let classes, classes != classNames.count {
      throw PluginError(
        "`class_names` has \(classNames.count) names, and `classes` is \(classes)",
        help: "one of them is enough")
    }
    let raw = try file.readColumn(limit: limit) { Field(name: "label", role: .target, type: $0, shape: $1) }
    let codes = try Memory(Int32.self, count: raw.rowCount)
    let values = codes.start(as: Int32.self)
    let view = raw.view
    switch view.type {
    case .uint8: for (row, value) in view.bytes.enumerated() { values[row] = Int32(value) }
    default: values.update(from: view.int32s.baseAddress ?? values, count: raw.rowCount)
    }

    let known = classNames.isEmpty ? classes : classNames.count
    var largest: Int32 = -1
    for row in 0..<raw.rowCount {
      let label = values[row]
      guard label >= 0, known.map({ Int(label) < $0 }) ?? (label < .max) else {
        throw PluginError(
          "label \(label) in row \(row) of '\(file.path)' is outside the classes"
            + (known.map { ", which are 0 to \($0 - 1)" } ?? ": they count from 0"),
          help: "rows count from 0; check `classes` or `class_names`")
      }
      largest = max(largest, label)
    }
    let field = Field(
      name: "label", role: .target, type: .int32, categories: classNames,
      categoryCount: known ?? Int(largest) + 1)
    return try Column(field, rowCount: raw.rowCount, in: codes)
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(IDXDataset.self, to: args, license: "Apache-2.0")
}
