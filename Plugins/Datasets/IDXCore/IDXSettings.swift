import DataColumns
import PluginKit

/// Which IDX files to read, and how: the options of the plugin `idx`, which say what each means.
package struct IDXSettings {
  package var images: String
  package var labels: String?
  package var classes: Int?
  package var classNames: [String] = []
  package var limit: Int?

  package init(images: String) { self.images = images }

  /// Reads the files: the images, and the labels where there are any. The files are untrusted.
  package func columns() throws -> [Column] {
    let images = try IDXFile(images)
    var columns = [
      try images.readColumn(limit: limit) { Field(name: "image", role: .feature, type: $0, shape: $1) }
    ]
    guard let labels else { return columns }
    let file = try IDXFile(labels)
    guard file.header.rowCount == images.header.rowCount else {
      throw PluginError(
        "'\(file.path)' has \(file.header.rowCount) labels, and '\(images.path)' has "
          + "\(images.header.rowCount) rows",
        help: "give the images and the labels of the same part of the data")
    }
    columns.append(try readLabels(file))
    return columns
  }

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
