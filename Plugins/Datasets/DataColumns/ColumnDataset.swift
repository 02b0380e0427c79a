import PluginKit

/// A dataset that is wholly in memory: it makes its columns in `create`, and the rest follows from them.
public protocol ColumnDataset: Dataset {
  /// All of the same number of rows. Never changed after `create`.
  var columns: [Column] { get }
}

extension ColumnDataset {
  public var rowCount: Int { columns.first?.rowCount ?? 0 }
  public var fields: [Field] { columns.map(\.field) }
  public func whole(_ field: Int) -> TensorView? { columns[field].view }

  public func read(_ request: ReadRequest, into outputs: [TensorView?]) throws {
    for (column, output) in zip(columns, outputs) {
      if let output { try column.gather(request.rows, into: output) }
    }
  }
}
