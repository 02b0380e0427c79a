/// A data source over arrays: for programs that have their data in memory, and for tests.
public final class MemorySource: DataSource {
  public let name: String
  public let rowCount: Int
  public let fields: [DataField]
  private let tensors: [Tensor]
  private let offersViews: Bool

  /// One field with its values, row after row.
  public struct Column: Sendable {
    var field: DataField
    var count: Int
    var bytes: [UInt8]

    public static func bytes(
      _ name: String, _ values: [UInt8], shape: [Int] = [], role: FieldRole = .feature
    ) -> Column { Column(name, values, .uint8, shape, role) }

    public static func floats(
      _ name: String, _ values: [Float], shape: [Int] = [], role: FieldRole = .feature
    ) -> Column { Column(name, values, .float32, shape, role) }

    public static func doubles(
      _ name: String, _ values: [Double], shape: [Int] = [], role: FieldRole = .feature
    ) -> Column { Column(name, values, .float64, shape, role) }

    public static func integers(
      _ name: String, _ values: [Int64], shape: [Int] = [], role: FieldRole = .feature
    ) -> Column { Column(name, values, .int64, shape, role) }

    /// Codes from 0; −1: missing.
    public static func categories(
      _ name: String, _ codes: [Int32], _ names: [String], role: FieldRole = .feature
    ) -> Column {
      var column = Column(name, codes, .int32, [], role)
      column.field.categories = names
      column.field.categoryCount = names.count
      return column
    }

    private init<T>(_ name: String, _ values: [T], _ type: ElementType, _ shape: [Int], _ role: FieldRole) {
      field = DataField(name: name, role: role, type: type, shape: shape)
      count = values.count
      bytes = values.withUnsafeBytes { Array($0) }
    }
  }

  /// - Parameters:
  ///   - columns: The fields, each with all its rows.
  ///   - name: What messages call it.
  ///   - offersViews: `false` makes every reader go through `read`.
  /// - Throws: `inconsistent` where columns are not of one length.
  public init(_ columns: [Column], name: String = "data in memory", offersViews: Bool = true) throws {
    self.name = name
    self.offersViews = offersViews
    fields = columns.map(\.field)
    let rows = columns.first.map { $0.count / max(1, $0.field.width) } ?? 0
    rowCount = rows
    tensors = try columns.map { column in
      guard column.field.shape.allSatisfy({ $0 > 0 }), column.count == rows * column.field.width else {
        throw DataError(
          .inconsistent,
          """
          \(name): field '\(column.field.name)' has \(column.count) values, and \(rows) rows of \
          \(column.field.width) were expected
          """, help: "give each column a value for every row")
      }
      let tensor = Tensor(zeros: column.field.type, shape: [rows] + column.field.shape)
      tensor.bytes.copyBytes(from: column.bytes)
      return tensor
    }
  }

  public func read(
    _ rows: UnsafeBufferPointer<Int64>, seed: UInt64, epoch: Int, into outputs: [Tensor?]
  ) throws {
    for (output, tensor) in zip(outputs, tensors) {
      guard let output else { continue }
      let bytes = tensor.byteCount / max(1, rowCount)
      for (index, row) in rows.enumerated() {
        guard row >= 0, row < Int64(rowCount) else {
          throw DataError(.rowOutOfRange, "\(name): no row \(row) among \(rowCount)", help: "")
        }
        output.base.advanced(by: index * bytes)
          .copyMemory(from: tensor.base.advanced(by: Int(row) * bytes), byteCount: bytes)
      }
    }
  }

  public func whole(_ field: Int) -> Tensor? { offersViews ? tensors[field] : nil }
}
