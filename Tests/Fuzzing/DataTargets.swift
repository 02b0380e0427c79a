import CSVCore
import DataColumns
import IDXCore
import PluginKit
import Trainyard

/// Files of data and of weights.
let dataTargets = [
  FuzzTarget("csv", "A CSV file, read with several settings.", cost: 2) { bytes in
    let path = dataFile.holding(bytes)
    var plain = CSVSettings(path: path)
    let first = attempt { try plain.columns() }
    check(first ?? [])
    plain.header = false
    plain.separator = ";"
    plain.missingValues = ["-999", ""]
    _ = attempt { try plain.columns() }
    var categories = CSVSettings(path: path)
    categories.target = ["y"]
    categories.targetType = .category
    categories.targetOptional = true
    categories.group = "g"
    categories.categorical = first?.first.map { [$0.field.name] } ?? ["a"]
    check(attempt { try categories.columns() } ?? [])
  },
  FuzzTarget("idx", "An IDX file, plain or gzip.", cost: 2) { bytes in
    let path = dataFile.holding(bytes)
    check(attempt { try IDXSettings(images: path).columns() } ?? [])
    var small = IDXSettings(images: path)
    small.labels = path
    small.limit = 3
    check(attempt { try small.columns() } ?? [])
  },
  FuzzTarget("safetensors", "A file of weights.") { bytes in
    guard let contents = attempt({ try SafeTensors.parse(bytes, path: "weights") }) else { return }
    let size = contents.tensors.reduce(0) { $0 + $1.tensor.byteCount }
    require(size <= bytes.count, "tensors take no more bytes than the file has")
  },
]

private let dataFile = ScratchFile("data")

/// Every value is where the column says it is.
private func check(_ columns: [Column]) {
  for column in columns {
    require(column.rowCount == columns[0].rowCount, "columns have the same number of rows")
    let view = column.view
    var sum: UInt8 = 0
    for byte in UnsafeRawBufferPointer(start: view.base, count: view.count * view.type.size) { sum &+= byte }
    let count = Int32(column.field.categories.count)
    guard column.field.type == .int32, count > 0 else { continue }
    require(view.int32s.allSatisfy { $0 >= -1 && $0 < count }, "each code has a category")
  }
}
