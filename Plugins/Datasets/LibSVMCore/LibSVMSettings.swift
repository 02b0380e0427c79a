import DataColumns
import DataFiles
import PluginKit

/// Which file to read, and how: the options of the plugin `libsvm`, which say what each means.
package struct LibSVMSettings {
  package enum TargetType: String, OptionChoice { case number, category }

  package var path: String
  package var targetType = TargetType.number
  package var features: Int?
  package var indexBase = 1
  package var memoryLimit = 4 << 30

  package init(path: String) { self.path = path }

  /// Reads the file: features, then the target and the group where there are such. The file is untrusted.
  package func columns() throws -> [Column] {
    let rows = try SparseRows(path: path, indexBase: indexBase, widest: features)
    var columns = [try dense(rows)]
    if rows.hasTargets { columns.append(try target(rows)) }
    if rows.hasGroups {
      columns.append(
        try column(rows.groups, Field(name: "group", role: .group, type: .int64)))
    }
    return columns
  }

  private func dense(_ rows: SparseRows) throws -> Column {
    let width = features ?? rows.width
    guard width > 0 else {
      throw PluginError(
        "'\(path)' has no feature in any row", help: "features are written as index:value, such as 3:0.5")
    }
    let (cells, overflow) = rows.count.multipliedReportingOverflow(by: width)
    guard !overflow, cells <= memoryLimit / 4 else {
      throw PluginError(
        "'\(path)' has \(rows.count) rows of \(width) features, which take more than `memory_limit` "
          + "(\(memoryLimit) bytes) when absent values are written out as zeros",
        help: "raise `memory_limit`, or leave out the features with the highest indices")
    }
    let memory = try Memory(zeros: cells * 4)
    rows.scatter(into: memory.start(as: Float.self), width: width)
    let field = Field(name: "features", role: .feature, type: .float32, shape: [width])
    return try Column(field, rowCount: rows.count, in: memory)
  }

  private func target(_ rows: SparseRows) throws -> Column {
    switch targetType {
    case .number: return try column(rows.targets, Field(name: "target", role: .target, type: .float64))
    case .category:
      var names = CategoryNames()
      var codes: [Int32] = []
      codes.reserveCapacity(rows.count)
      // +1 and 1 are one class: the number counts, as it is shortest written.
      for target in rows.targets {
        let name = Int64(exactly: target).map(String.init) ?? "\(target)"
        codes.append(try names.code(of: Array(name.utf8)))
      }
      let sorted = codes.withUnsafeMutableBufferPointer { names.sort($0) }
      return try column(codes, Field(name: "target", role: .target, type: .int32, categories: sorted))
    }
  }

  private func column<Value: BitwiseCopyable>(_ values: [Value], _ field: Field) throws -> Column {
    let memory = try Memory(Value.self, count: values.count)
    values.withUnsafeBytes {
      if let base = $0.baseAddress { memory.base.copyMemory(from: base, byteCount: $0.count) }
    }
    return try Column(field, rowCount: values.count, in: memory)
  }
}
