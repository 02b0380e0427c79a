import Glibc
import Synchronization

/// What was run, with which parameters, and what came of it: studies, their trials, their fits, the metrics of each
/// epoch, in an SQLite file that several processes may use at once.
///
/// Open one for each process and file; its threads share it. What it has written a crash of the process cannot take away.
/// A process that ends in the middle, however, locks nothing: its trials can be claimed again.
public final class RunStore: Sendable {
  public enum Access: Sendable {
    /// Makes the file, and its folder, where there is none.
    case create
    /// The file must be there.
    case existing
    /// Changes nothing; the folder may be one that cannot be written to.
    case readOnly
  }

  public let path: String
  let identity: ProcessIdentity
  private let database: Mutex<Database>

  /// Opens a store. Throws `StoreError`.
  /// - Parameter patience: Seconds to wait for another process that writes, at the opening and later. Its transactions take
  ///   milliseconds; many more where the disk is slow to sync, or the other one is stopped for a while.
  public convenience init(path: String, _ access: Access = .create, patience: Int32 = 10) throws {
    let milliseconds = max(0, patience).multipliedReportingOverflow(by: 1000)
    try self.init(
      path: path, access, schema: .current,
      busyTimeout: milliseconds.overflow ? .max : milliseconds.partialValue)
  }

  init(path: String, _ access: Access, schema: Schema, busyTimeout: Int32 = 10_000) throws {
    let opened = try Self.open(path, access, schema, busyTimeout)
    self.path = path
    identity = ProcessIdentity.open()
    database = Mutex(opened)
  }

  deinit { identity.close() }

  /// All access to the connection: one thread at a time.
  func use<Value: Sendable>(_ body: (Database) throws -> Value) throws -> Value {
    try database.withLock { try body($0) }
  }

  // MARK: Opening

  private static func open(
    _ path: String, _ access: Access, _ schema: Schema, _ busyTimeout: Int32
  ) throws -> sending Database {
    var info = stat()
    let exists = stat(path, &info) == 0
    guard exists || access == .create else { throw StoreError(.missing, path, "") }
    if exists, info.st_mode & S_IFMT == S_IFDIR {
      throw StoreError(.notAStore, path, "it is a folder", help: "name a file in it: \(path)/trainyard.db")
    }
    switch access {
    case .readOnly: return try openReadOnly(path, schema, busyTimeout)
    case .existing: return try openWritable(path, .readWrite, schema, busyTimeout)
    case .create:
      if !exists { makeFolders(of: path) }
      return try openWritable(path, .create, schema, busyTimeout)
    }
  }

  private static func openWritable(
    _ path: String, _ mode: Database.Mode, _ schema: Schema, _ busyTimeout: Int32
  ) throws -> sending Database {
    let database = try Database(path, mode, busyTimeout: busyTimeout)
    // What belongs to another program is refused before anything is changed in it.
    _ = try database.snapshot { try schema.isCurrent(database) }
    try useWriteAheadLog(database, busyTimeout)
    // NORMAL in WAL: a crash of the machine may take the last transactions, never the file.
    try database.execute("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
    try schema.prepare(database, mayWrite: true)
    return database
  }

  private static func openReadOnly(
    _ path: String, _ schema: Schema, _ busyTimeout: Int32
  ) throws -> sending Database {
    do {
      let database = try Database(path, .readOnly, busyTimeout: busyTimeout)
      try schema.prepare(database, mayWrite: false)
      return database
    } catch let error as StoreError where error.code == .cannotOpen || error.code == .readOnly {
      // A log cannot be opened where its index cannot be written. Without one nobody is writing: the file is whole.
      guard access(path, R_OK) == 0, access(path + "-wal", F_OK) != 0 else { throw error }
      let database = try Database(path, .immutable, busyTimeout: busyTimeout)
      try schema.prepare(database, mayWrite: false)
      return database
    }
  }

  /// A change of the journal waits for nobody: two processes that make a store at once must.
  private static func useWriteAheadLog(_ database: Database, _ busyTimeout: Int32) throws {
    let end = ContinuousClock.now + .milliseconds(busyTimeout)
    while true {
      do {
        _ = try database.first("PRAGMA journal_mode = WAL") { $0.text(0) }
        return
      } catch let error as StoreError where error.code == .locked && .now < end {
        usleep(5000)
      }
    }
  }

  /// The folders above a file. What cannot be made shows when the file is opened.
  private static func makeFolders(of path: String) {
    for index in path.indices.dropFirst() where path[index] == "/" { mkdir(String(path[..<index]), 0o755) }
  }

  /// Unix time, milliseconds.
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
