import CSQLite

/// A prepared statement of a `Database`, which keeps it and outlives it.
final class Statement {
  private let handle: OpaquePointer
  private let database: OpaquePointer
  private let path: String

  init(_ sql: String, _ database: OpaquePointer, path: String) throws {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw StoreError(code, database, path) }
    handle = statement
    self.database = database
    self.path = path
  }

  /// Runs it with these values for its `?`s; `body` is given each row.
  func run(_ values: [SQLValue], _ body: (Row) throws -> Void) throws {
    // What a reset says is what the step has said.
    defer {
      sqlite3_reset(handle)
      sqlite3_clear_bindings(handle)
    }
    for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1)) }
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW: try body(Row(handle: handle))
      case SQLITE_DONE: return
      case let code: throw StoreError(code, database, path)
      }
    }
  }

  private func bind(_ value: SQLValue, at index: Int32) throws {
    let code =
      switch value {
      case .null: sqlite3_bind_null(handle, index)
      case .int(let value): sqlite3_bind_int64(handle, index, value)
      case .real(let value): sqlite3_bind_double(handle, index, value)
      case .text(var value):
        value.withUTF8 { bytes in
          bytes.withMemoryRebound(to: CChar.self) {
            // An empty text has no address, which SQLite would take for NULL.
            $0.baseAddress.map { csqlite_bind_text(handle, index, $0, UInt64(bytes.count)) }
              ?? csqlite_bind_text(handle, index, "", 0)
          }
        }
      }
    guard code == SQLITE_OK else { throw StoreError(code, database, path) }
  }

  deinit { sqlite3_finalize(handle) }
}

/// The row that a statement stands at; good until its next step.
struct Row {
  fileprivate let handle: OpaquePointer

  func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

  func int64(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

  /// A count or a number of something. Whoever wrote the file may have put anything there: what is added to or summed
  /// up does not overflow.
  func int(_ column: Int) -> Int { Int(min(max(int64(column), -1 << 40), 1 << 40)) }

  /// A time of day, in milliseconds, of which another may be taken away.
  func time(_ column: Int) -> Int64 { min(max(int64(column), -1 << 60), 1 << 60) }

  func double(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }

  func text(_ column: Int) -> String {
    guard let bytes = sqlite3_column_text(handle, Int32(column)) else { return "" }
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
  func optionalTime(_ column: Int) -> Int64? { isNull(column) ? nil : time(column) }
  func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }
  func optionalDouble(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }
}
