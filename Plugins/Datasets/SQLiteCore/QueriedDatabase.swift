import CSQLite
import DataColumns
import Glibc
import PluginKit

/// An SQLite file that is read and never written to.
final class QueriedDatabase {
  private let handle: OpaquePointer
  private let path: String

  init(_ path: String) throws {
    self.path = path
    var facts = stat()
    guard stat(path, &facts) == 0 else { throw systemError("open", path) }
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let opened else {
      defer { sqlite3_close_v2(opened) }
      throw PluginError("cannot open '\(path)': \(String(cString: sqlite3_errstr(code)))")
    }
    handle = opened
    sqlite3_busy_timeout(handle, 10_000)
    // The file may be anybody's: what its schema says is not to be believed, and no function in it has side effects.
    sqlite3_exec(handle, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", nil, nil, nil)
  }

  func prepare(_ query: String) throws -> QueriedRows {
    guard !query.utf8.contains(0) else { throw PluginError("`query` has a zero byte in it") }
    var statement: OpaquePointer?
    var rest = ""
    let code = query.withCString { text -> Int32 in
      var tail: UnsafePointer<CChar>?
      let code = sqlite3_prepare_v2(handle, text, -1, &statement, &tail)
      rest = tail.map { String(cString: $0) } ?? ""
      return code
    }
    guard code == SQLITE_OK else { throw failure("`query` cannot be used on") }
    guard let statement, sqlite3_column_count(statement) > 0, sqlite3_stmt_readonly(statement) != 0 else {
      sqlite3_finalize(statement)
      throw PluginError("`query` gives no rows: \(query)", help: "write a SELECT")
    }
    let rows = QueriedRows(statement, of: self)
    guard rest.utf8.allSatisfy({ $0 <= 0x20 || $0 == UInt8(ascii: ";") }) else {
      throw PluginError("`query` has more than one statement: \(rest)", help: "write one SELECT")
    }
    return rows
  }

  func failure(_ what: String) -> PluginError {
    let words = String(cString: sqlite3_errmsg(handle))
    let isOther = sqlite3_errcode(handle) & 0xff == SQLITE_NOTADB
    return PluginError(
      "\(what) '\(path)': \(words)",
      help: isOther ? "give a file that SQLite 3 wrote" : "try it with `sqlite3 -readonly FILE 'QUERY'`")
  }

  deinit { sqlite3_close_v2(handle) }
}

/// What a query gives, row after row.
final class QueriedRows {
  enum Kind { case null, integer, real, text, blob }

  private let statement: OpaquePointer
  private let database: QueriedDatabase

  init(_ statement: OpaquePointer, of database: QueriedDatabase) {
    self.statement = statement
    self.database = database
  }

  var names: [String] {
    (0..<sqlite3_column_count(statement)).map { column in
      sqlite3_column_name(statement, column).map { String(cString: $0) } ?? "column_\(column)"
    }
  }

  /// Goes to the next row; false where there is none.
  func step() throws -> Bool {
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw database.failure("`query` failed on")
    }
  }

  func kind(_ column: Int) -> Kind {
    switch sqlite3_column_type(statement, Int32(column)) {
    case SQLITE_INTEGER: .integer
    case SQLITE_FLOAT: .real
    case SQLITE_TEXT: .text
    case SQLITE_NULL: .null
    default: .blob
    }
  }

  func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(column)) }
  func real(_ column: Int) -> Double { sqlite3_column_double(statement, Int32(column)) }

  /// As it is stored.
  func text(_ column: Int) -> [UInt8] {
    guard let text = sqlite3_column_text(statement, Int32(column)) else { return [] }
    let count = Int(sqlite3_column_bytes(statement, Int32(column)))
    return Array(UnsafeBufferPointer(start: text, count: count))
  }

  deinit { sqlite3_finalize(statement) }
}
