import CSQLite

/// One connection to an SQLite file. Not for several threads at once.
final class Database {
  private let handle: OpaquePointer
  let path: String
  private var statements: [String: Statement] = [:]

  enum Mode { case readOnly, readWrite, create, immutable }

  /// - Parameter busyTimeout: Milliseconds to wait for what another process has locked.
  init(_ path: String, _ mode: Mode, busyTimeout: Int32) throws {
    var handle: OpaquePointer?
    let flags =
      switch mode {
      case .readOnly: SQLITE_OPEN_READONLY
      case .readWrite: SQLITE_OPEN_READWRITE
      case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      case .immutable: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
      }
    let name = mode == .immutable ? "file:" + Self.escaped(path) + "?immutable=1" : path
    let code = sqlite3_open_v2(name, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let handle else {
      defer { sqlite3_close_v2(handle) }
      throw StoreError(code, handle, path)
    }
    self.handle = handle
    self.path = path
    sqlite3_busy_timeout(handle, busyTimeout)
  }

  deinit {
    statements.removeAll()
    sqlite3_close_v2(handle)
  }

  /// A path as it stands in a URI: all but the plainest bytes by their numbers.
  private static func escaped(_ path: String) -> String {
    path.utf8.map { byte -> String in
      let isPlain = byte > 32 && byte < 127 && !"%?#".utf8.contains(byte)
      let digits = String(byte, radix: 16)
      return isPlain ? String(Unicode.Scalar(byte)) : digits.count == 1 ? "%0" + digits : "%" + digits
    }.joined()
  }

  /// Runs statements that give nothing and take no values.
  func execute(_ sql: String) throws {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw StoreError(code, handle, path) }
  }

  /// Runs one statement that gives nothing.
  func run(_ sql: String, _ values: [SQLValue] = []) throws {
    try statement(sql).run(values) { _ in }
  }

  func rows<Value>(_ sql: String, _ values: [SQLValue] = [], _ body: (Row) throws -> Value) throws -> [Value]
  {
    var all: [Value] = []
    try statement(sql).run(values) { all.append(try body($0)) }
    return all
  }

  func first<Value>(_ sql: String, _ values: [SQLValue] = [], _ body: (Row) throws -> Value) throws -> Value?
  {
    try rows(sql, values, body).first
  }

  /// Prepared once and kept.
  func statement(_ sql: String) throws -> Statement {
    if let statement = statements[sql] { return statement }
    let statement = try Statement(sql, handle, path: path)
    statements[sql] = statement
    return statement
  }

  /// All of `body` or nothing of it, and nobody else writes meanwhile.
  func transaction<Value>(_ body: () throws -> Value) throws -> Value {
    // IMMEDIATE: to wait for another writer is possible only before something was read.
    try run("BEGIN IMMEDIATE")
    do {
      let value = try body()
      try run("COMMIT")
      return value
    } catch {
      // After some errors SQLite has rolled back already.
      if sqlite3_get_autocommit(handle) == 0 { try? run("ROLLBACK") }
      throw error
    }
  }

  /// What all of `body` reads is of one moment.
  func snapshot<Value>(_ body: () throws -> Value) throws -> Value {
    try run("BEGIN")
    defer { try? run("COMMIT") }
    return try body()
  }

  var lastID: Int64 { sqlite3_last_insert_rowid(handle) }
  /// Rows that the last statement changed.
  var changes: Int { Int(sqlite3_changes(handle)) }
}
