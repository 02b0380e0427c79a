import CSQLite
import Glibc
import Support
import Testing

@testable import RunStore

/// The file of a store, and files that are none.
@Suite struct StoreFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func sql(_ text: String, in path: String) throws {
    var database: OpaquePointer?
    defer { sqlite3_close_v2(database) }
    guard sqlite3_open(path, &database) == SQLITE_OK, sqlite3_exec(database, text, nil, nil, nil) == SQLITE_OK
    else { throw TestError("sqlite cannot \(text)") }
  }

  private func filled(_ path: String) throws {
    let store = try RunStore(path: path)
    let study = try store.openStudy(name: "s", kind: .search, configDigest: "d", config: "{}")
    let trial = try #require(try study.claimNext(below: 1))
    let metrics = (0..<2000).map { MetricRecord(epoch: $0, name: "loss", value: 0.5) }
    try study.finish(trial, .finished, value: 1, fits: [(FitRecord(outcome: "finished"), metrics)])
  }

  @Test func `a store that is not there is said to be missing, and is not made`() throws {
    for access in [RunStore.Access.existing, .readOnly] {
      let error = #expect(throws: StoreError.self) { _ = try RunStore(path: folder("no.db"), access) }
      #expect(error?.code == .missing)
      #expect(error?.description == "there is no store '\(folder("no.db"))'")
    }
    #expect(access(folder("no.db"), F_OK) != 0)
  }

  @Test func `a store that several make at once is nobody else's`() async throws {
    for round in 0..<40 {
      let path = folder("\(round).db")
      let errors = await withTaskGroup(of: String?.self) { group in
        for _ in 0..<4 {
          group.addTask {
            do { _ = try RunStore(path: path) } catch { return "\(error)" }
            return nil
          }
        }
        return await group.reduce(into: [String]()) { if let error = $1 { $0.append(error) } }
      }
      #expect(errors == [])
    }
  }

  @Test func `a newer store is refused and left as it is`() throws {
    let path = folder("store.db")
    try filled(path)
    try sql("PRAGMA user_version = 3", in: path)
    let before = try readFile(path)
    for access in [RunStore.Access.create, .existing, .readOnly] {
      let error = #expect(throws: StoreError.self) { _ = try RunStore(path: path, access) }
      #expect(error?.code == .newer)
      #expect(
        error?.description
          == "cannot use the store '\(path)': made by a newer trainyard (schema 3, this one knows 1)")
    }
    #expect(try readFile(path) == before)
  }

  @Test func `an older store is brought up to date, with what it has`() throws {
    let path = folder("store.db")
    try filled(path)
    var newer = Schema.current
    newer.steps.append("ALTER TABLE studies ADD COLUMN note TEXT; UPDATE studies SET note = name || '!'")
    // Not by one that only reads.
    let error = #expect(throws: StoreError.self) { _ = try RunStore(path: path, .readOnly, schema: newer) }
    #expect(error?.code == .readOnly)
    let store = try RunStore(path: path, .existing, schema: newer)
    #expect(try store.use { try $0.first("SELECT note FROM studies") { $0.text(0) } } == "s!")
    #expect(try store.study(named: "s")?.best()?.value == 1)
    let again = try RunStore(path: path, .readOnly, schema: newer)
    #expect(try again.studies().count == 1)
    #expect(throws: StoreError.self) { _ = try RunStore(path: path) }
  }

  @Test func `a step that fails leaves the store as it was`() throws {
    let path = folder("store.db")
    try filled(path)
    var broken = Schema.current
    broken.steps.append("ALTER TABLE studies ADD COLUMN note TEXT; UPDATE nothing SET a = 1")
    #expect(throws: StoreError.self) { _ = try RunStore(path: path, .existing, schema: broken) }
    let store = try RunStore(path: path)
    #expect(
      try store.use { try $0.first("SELECT count(*) FROM pragma_table_info('studies')") { $0.int(0) } } == 8)
  }

  @Test func `another program's database is refused and left as it is`() throws {
    let path = folder("other.db")
    try sql("CREATE TABLE t (a)", in: path)
    let before = try readFile(path)
    let error = #expect(throws: StoreError.self) { _ = try RunStore(path: path) }
    #expect(error?.code == .notAStore)
    #expect(
      error?.description == "cannot use the store '\(path)': it is an SQLite database of another program")
    #expect(try readFile(path) == before)
  }

  @Test(arguments: ["a text\n", String(repeating: "x", count: 5000), "SQLite format 3\u{0}"])
  func `a file that is no database is refused and left as it is`(content: String) throws {
    let path = try folder.write("file", content)
    for access in [RunStore.Access.create, .readOnly] {
      let error = #expect(throws: StoreError.self) { _ = try RunStore(path: path, access) }
      #expect(error?.code == .notAStore)
    }
    #expect(try readText(path) == content)
  }

  @Test func `a folder is refused`() throws {
    let error = #expect(throws: StoreError.self) { _ = try RunStore(path: folder.path) }
    #expect(error?.code == .notAStore)
    #expect(error?.help == "name a file in it: \(folder.path)/trainyard.db")
  }

  @Test func `a place that cannot be written to is said`() throws {
    let error = #expect(throws: StoreError.self) { _ = try RunStore(path: "/proc/none/store.db") }
    #expect(error?.code == .cannotOpen)
    #expect(error?.help == "choose a place that you may write to")
  }

  @Test func `a damaged store is said to be damaged`() throws {
    let path = folder("store.db")
    try filled(path)
    var bytes = try readFile(path)
    try #require(bytes.count > 16384)
    for index in 4096..<bytes.count { bytes[index] = 0x5a }
    try folder.write("store.db", bytes)
    let error = #expect(throws: StoreError.self) {
      let store = try RunStore(path: path)
      _ = try store.studies()
    }
    #expect(error?.code == .corrupt)
    #expect(error?.help?.contains(".recover") == true)
  }

  @Test func `a store is read where nothing can be written`() throws {
    let path = folder("store.db")
    try filled(path)
    // As on a disk that is read only: without a log and its index beside it.
    let database = try Database(path, .immutable, busyTimeout: 0)
    #expect(try database.first("SELECT count(*) FROM studies") { $0.int(0) } == 1)
    let strange = folder("a?b#c%20 ä.db")
    try filled(strange)
    let other = try Database(strange, .immutable, busyTimeout: 0)
    #expect(try other.first("SELECT count(*) FROM studies") { $0.int(0) } == 1)
  }

  @Test func `the file is what the documents say: WAL, foreign keys, an id`() throws {
    let store = try RunStore(path: folder("store.db"))
    func ask(_ question: String) throws -> String? {
      try store.use { try $0.first("PRAGMA \(question)") { $0.text(0) } }
    }
    #expect(try ask("journal_mode") == "wal")
    #expect(try ask("foreign_keys") == "1")
    #expect(try ask("synchronous") == "1")
    #expect(try ask("application_id") == "\(0x5459_7273)")
    #expect(try ask("user_version") == "1")
  }
}
