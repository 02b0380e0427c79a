import PluginKit

/// One field with the values of all its rows in memory, one row after the other.
public struct Column {
  public let field: Field
  public let rowCount: Int
  private let memory: Memory
  private let bytesPerRow: Int

  /// Throws where `memory` is smaller than the rows of that field are.
  public init(_ field: Field, rowCount: Int, in memory: Memory) throws {
    var bytesPerRow = field.type.size
    for size in field.shape { bytesPerRow = try product(bytesPerRow, size) }
    guard try product(rowCount, bytesPerRow) <= memory.byteCount else {
      throw PluginError("field '\(field.name)' needs more memory than its \(memory.byteCount) bytes")
    }
    self.field = field
    self.rowCount = rowCount
    self.memory = memory
    self.bytesPerRow = bytesPerRow
  }

  /// All rows, where they are. Valid as long as the column.
  public var view: TensorView {
    TensorView(memory.base, field.type, shape: TensorShape([rowCount] + field.shape))
  }

  /// Copies rows by number, in the order asked for.
  public func gather(_ rows: UnsafeBufferPointer<Int64>, into output: TensorView) throws {
    guard output.type == field.type, output.shape.array == [rows.count] + field.shape else {
      throw PluginError(
        "field '\(field.name)' was asked for as \(output.shape.array) of \(output.type), and is "
          + "\([rows.count] + field.shape) of \(field.type)")
    }
    var target = output.base
    for row in rows {
      guard row >= 0, row < Int64(rowCount) else {
        throw PluginError("row \(row) was asked for, and there are \(rowCount), counted from 0")
      }
      target.copyMemory(from: memory.base + Int(row) * bytesPerRow, byteCount: bytesPerRow)
      target += bytesPerRow
    }
  }
}

private func product(_ a: Int, _ b: Int) throws -> Int {
  let (product, overflow) = a.multipliedReportingOverflow(by: b)
  guard a >= 0, b >= 0, !overflow else { throw PluginError("sizes \(a) × \(b) are more than can be held") }
  return product
}
