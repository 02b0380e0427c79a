import CSVCore
import DataColumns
import IDXCore
import LibSVMCore
import NumPyCore
import PluginKit
import SQLiteCore
import Trainyard

/// Files of data and of weights.
let dataTargets = [
  FuzzTarget("csv", "A CSV file, read with several settings.", cost: 2) { bytes in
    let path = dataFile.holding(bytes)
    var plain = CSVSettings(path: path)
    let first = attempt { try plain.columns() }
    check(first ?? [])
    checkThreads(plain)
    plain.header = false
    plain.separator = ";"
    plain.missingValues = ["-999", ""]
    checkThreads(plain)
    var categories = CSVSettings(path: path)
    categories.choice.target = ["y"]
    categories.choice.targetType = .category
    categories.choice.targetOptional = true
    categories.choice.group = "g"
    categories.choice.categorical = first?.first.map { [$0.field.name] } ?? ["a"]
    check(attempt { try categories.columns() } ?? [])
    checkThreads(categories)
  },
  FuzzTarget("idx", "An IDX file, plain or gzip.", cost: 2) { bytes in
    let path = dataFile.holding(bytes)
    check(attempt { try IDXSettings(images: path).columns() } ?? [])
    var small = IDXSettings(images: path)
    small.labels = path
    small.limit = 3
    check(attempt { try small.columns() } ?? [])
  },
  FuzzTarget("npy", "A NumPy array, plain or gzip, mapped and read.", cost: 3) { bytes in
    let path = dataFile.holding(bytes)
    var settings = NumPySettings(features: path)
    settings.target = path
    check(attempt { try settings.columns() } ?? [])
    settings.map = false
    settings.target = nil
    settings.id = path
    check(attempt { try settings.columns() } ?? [])
    settings = NumPySettings(features: path)
    settings.weight = path
    settings.targetType = .category
    check(attempt { try settings.columns() } ?? [])
  },
  FuzzTarget("npz", "An archive of NumPy arrays, read and mapped.", cost: 3) { bytes in
    var settings = NumPySettings(features: "x")
    settings.archive = dataFile.holding(bytes)
    settings.target = "y"
    check(attempt { try settings.columns() } ?? [])
    settings.map = false
    settings.weight = "w"
    check(attempt { try settings.columns() } ?? [])
  },
  FuzzTarget("libsvm", "Sparse rows as text.", cost: 2) { bytes in
    var settings = LibSVMSettings(path: dataFile.holding(bytes))
    settings.memoryLimit = 1 << 20
    check(attempt { try settings.columns() } ?? [])
    settings.targetType = .category
    settings.indexBase = 0
    settings.features = 8
    check(attempt { try settings.columns() } ?? [])
  },
  FuzzTarget("sqlite", "An SQLite database that is queried.", cost: 20) { bytes in
    let path = dataFile.holding(bytes)
    check(attempt { try SQLiteSettings(path: path, query: "SELECT * FROM t LIMIT 100").columns() } ?? [])
    var settings = SQLiteSettings(path: path, query: "SELECT a, b, c FROM t ORDER BY b LIMIT 100")
    settings.choice.target = ["c"]
    settings.choice.id = "a"
    settings.choice.categorical = ["b"]
    check(attempt { try settings.columns() } ?? [])
  },
  FuzzTarget("safetensors", "A file of weights.") { bytes in
    guard let contents = attempt({ try SafeTensors.parse(bytes, path: "weights") }) else { return }
    let size = contents.tensors.reduce(0) { $0 + $1.tensor.byteCount }
    require(size <= bytes.count, "tensors take no more bytes than the file has")
  },
]

private let dataFile = ScratchFile("data")

/// What is read of a CSV file, or the error, is the same in pieces of a few bytes.
private func checkThreads(_ settings: CSVSettings) {
  func reading(threads: Int) -> String {
    var settings = settings
    settings.threads = threads
    settings.leastPiece = 5
    do {
      return try settings.columns().map { column in
        let view = column.view
        let bytes = UnsafeRawBufferPointer(start: view.base, count: view.count * view.type.size)
        return "\(column.field) \(bytes.map { String($0) })"
      }.joined(separator: "\n")
    } catch { return "\(error)" }
  }
  require(reading(threads: 1) == reading(threads: 3), "threads change nothing that is read")
}

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
