import GatherKernels

/// Reads chosen fields of a source, row numbers in hand: from views where the source gives them, else through
/// `read` into memory that is kept for the next time.
final class FieldReader {
  let source: any DataSource
  /// Every row is in memory already.
  var hasOnlyViews: Bool { staged.isEmpty }

  private let fields: [DataField]
  /// By number of the field.
  private let views: [Tensor?]
  private let staged: [Int]
  /// Views of short rows, as bytes.
  private let short: [(base: UnsafeRawPointer, size: Int)]
  private var capacity = 0
  private var outputs: [Tensor?] = []
  /// The same, cut to the last batch of a pass.
  private var cut: (rows: Int, outputs: [Tensor?]) = (0, [])

  /// - Parameter fields: numbers of the source's fields.
  init(_ source: any DataSource, fields: some Sequence<Int>) throws {
    self.source = source
    self.fields = source.fields
    var views = [Tensor?](repeating: nil, count: self.fields.count)
    var staged: [Int] = []
    for index in Set(fields).sorted() {
      if let view = try source.whole(index) {
        try check(view, self.fields[index], source)
        views[index] = view
      } else {
        staged.append(index)
      }
    }
    self.views = views
    self.staged = staged
    short = zip(views, self.fields).compactMap { view, field in
      let size = field.width * field.type.size
      return size <= Self.shortRow ? view.map { (UnsafeRawPointer($0.base), size) } : nil
    }
  }

  /// Takes memory for as many rows at once.
  func reserve(rows: Int) {
    guard rows > capacity else { return }
    capacity = rows
    outputs = Array(repeating: nil, count: fields.count)
    cut = (0, [])
    for index in staged {
      let field = fields[index]
      outputs[index] = Tensor(zeros: field.type, shape: [rows] + field.shape)
    }
  }

  /// A row as long as this is in one or two lines of the caches; longer ones are fetched as they are read.
  private static let shortRow = 64
  /// More rows at once would drive out what is in use.
  private static let mostAnnounced = 512

  /// Says which rows will be asked for next: shuffled ones come from anywhere in memory, and can do so in time.
  func announce(_ rows: UnsafeBufferPointer<Int64>) {
    for view in short {
      gather_announce(view.base, rows.baseAddress, min(rows.count, Self.mostAnnounced), view.size)
    }
  }

  /// Makes rows ready for `values`. At most as many as reserved, all of them rows of the source.
  func load(_ rows: UnsafeBufferPointer<Int64>, seed: UInt64, epoch: Int) throws {
    guard !staged.isEmpty, !rows.isEmpty else { return }
    reserve(rows: rows.count)
    if rows.count == capacity {
      try source.read(rows, seed: seed, epoch: epoch, into: outputs)
    } else {
      if cut.rows != rows.count { cut = (rows.count, outputs.map { $0?.prefix(rows: rows.count) }) }
      try source.read(rows, seed: seed, epoch: epoch, into: cut.outputs)
    }
  }

  /// A field of the rows loaded last; valid as long as `rows` is.
  func values(of field: Int, rows: UnsafeBufferPointer<Int64>) -> FieldValues {
    if let view = views[field] {
      return FieldValues(view.base, view.type, width: fields[field].width, rows, isWhole: true)
    }
    guard let tensor = outputs[field] else { preconditionFailure("a field that was not chosen") }
    return FieldValues(tensor.base, tensor.type, width: fields[field].width, rows, isWhole: false)
  }

  /// Visits `rows` a few thousand at a time.
  func scan(
    _ rows: [Int64], fields chosen: [Int], seed: UInt64 = 0, _ body: ([FieldValues]) throws -> Void
  ) throws {
    let rowSize = chosen.reduce(1) { $0 + fields[$1].width * fields[$1].type.size }
    let step = min(max(1, (4 << 20) / rowSize), 4096, max(1, rows.count))
    reserve(rows: step)
    try rows.withUnsafeBufferPointer { all in
      for start in stride(from: 0, to: all.count, by: step) {
        let part = UnsafeBufferPointer(rebasing: all[start..<min(all.count, start + step)])
        try load(part, seed: seed, epoch: 0)
        try body(chosen.map { values(of: $0, rows: part) })
      }
    }
  }
}

private func check(_ view: Tensor, _ field: DataField, _ source: any DataSource) throws {
  guard view.type == field.type, view.shape == [source.rowCount] + field.shape else {
    throw DataError(
      .inconsistent,
      """
      \(source.name): field '\(field.name)' as a whole is \(view.type.name) \(view.shape), and \
      \(field.type.name) \([source.rowCount] + field.shape) was declared
      """, help: "this is a fault of the dataset: report it to its author")
  }
}

/// Each of `rows` must be one of the source's: kernels read without looking.
func checkRows(_ rows: [Int64], of source: any DataSource) throws {
  let count = Int64(source.rowCount)
  if let bad = rows.first(where: { $0 < 0 || $0 >= count }) {
    throw DataError(.rowOutOfRange, "\(source.name) has \(count) rows, and no row \(bad)", help: "")
  }
}
