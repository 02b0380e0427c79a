/// The tables of a store, and how an older store becomes a newer one.
struct Schema: Sendable {
  /// "TYrs", in the file's header: whose it is.
  static let applicationID: Int64 = 0x5459_7273

  /// Each leads from one version to the next; the first from nothing.
  var steps: [String]
  var version: Int { steps.count }

  static let current = Schema(steps: [first])

  private static let first = """
    CREATE TABLE studies (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL CHECK (kind IN ('run', 'cross_validation', 'search')),
      config_digest TEXT NOT NULL,
      config TEXT NOT NULL,                 -- resolved, JSON
      objective TEXT,
      direction TEXT CHECK (direction IN ('min', 'max')),
      created INTEGER NOT NULL              -- all times are Unix milliseconds
    ) STRICT;
    CREATE TABLE trials (
      id INTEGER PRIMARY KEY,
      study INTEGER NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
      number INTEGER NOT NULL CHECK (number >= 0),
      state TEXT NOT NULL
        CHECK (state IN ('waiting', 'running', 'finished', 'pruned', 'failed', 'interrupted')),
      attempt INTEGER NOT NULL DEFAULT 0,   -- how often it was claimed
      parameters TEXT,                      -- JSON; NULL: not proposed yet
      value REAL,                           -- of the objective; NULL also where that is NaN,
      has_value INTEGER NOT NULL DEFAULT 0, -- which this tells apart
      seed TEXT,                            -- decimal: 64 bits without a sign
      error TEXT,
      worker TEXT,
      pid INTEGER, boot TEXT, process_started INTEGER, session INTEGER,
      started INTEGER,
      ended INTEGER,
      UNIQUE (study, number)
    ) STRICT;
    CREATE INDEX trials_by_state ON trials (study, state);
    CREATE TABLE fits (
      id INTEGER PRIMARY KEY,
      trial INTEGER NOT NULL REFERENCES trials (id) ON DELETE CASCADE,
      rung INTEGER NOT NULL, "repeat" INTEGER NOT NULL, fold INTEGER NOT NULL,
      seed TEXT,
      folder TEXT,
      outcome TEXT NOT NULL,
      reason TEXT NOT NULL,
      stopped_by TEXT,
      epochs INTEGER NOT NULL, steps INTEGER NOT NULL, seconds REAL NOT NULL,
      value REAL, has_value INTEGER NOT NULL DEFAULT 0,
      error TEXT,
      UNIQUE (trial, rung, "repeat", fold)
    ) STRICT;
    CREATE TABLE metrics (
      fit INTEGER NOT NULL REFERENCES fits (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      epoch INTEGER NOT NULL,               -- from 0
      value REAL,                           -- NULL: NaN; a metric that was absent has no row
      PRIMARY KEY (fit, name, epoch)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE directions (
      study INTEGER NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
      metric TEXT NOT NULL,
      direction TEXT NOT NULL CHECK (direction IN ('min', 'max')),
      PRIMARY KEY (study, metric)
    ) STRICT, WITHOUT ROWID;
    """

  /// Makes the tables of an empty file, brings an older store up, refuses what is not ours or is newer.
  func prepare(_ database: Database, mayWrite: Bool) throws {
    if try database.snapshot({ try isCurrent(database) }) { return }
    guard mayWrite else {
      throw StoreError(
        .readOnly, database.path, "it was made by an older trainyard and must be brought up to date first",
        help: "make the file and its folder writable, and try again")
    }
    try database.transaction {
      // Another process may have been faster.
      guard try !isCurrent(database) else { return }
      for step in steps.dropFirst(try version(of: database)) { try database.execute(step) }
      try database.execute("PRAGMA application_id = \(Self.applicationID)")
      try database.execute("PRAGMA user_version = \(version)")
    }
  }

  private func version(of database: Database) throws -> Int {
    try database.first("PRAGMA user_version") { $0.int(0) } ?? 0
  }

  /// Whether the tables are there. Throws where the file is not ours. In one transaction: while another process makes the
  /// tables, what is read before and after would be of no store at all.
  func isCurrent(_ database: Database) throws -> Bool {
    let id = try database.first("PRAGMA application_id") { $0.int64(0) } ?? 0
    let found = try version(of: database)
    let tables = try database.first("SELECT count(*) FROM sqlite_schema") { $0.int(0) }
    if id == 0, found == 0, tables == 0 { return false }
    guard id == Self.applicationID, found >= 0 else {
      throw StoreError(
        .notAStore, database.path, "it is an SQLite database of another program", help: StoreError.otherFile)
    }
    guard found <= version else {
      throw StoreError(
        .newer, database.path,
        "made by a newer trainyard (schema \(found), this one knows \(version))",
        help: "update trainyard, or name another file with --store or output.store")
    }
    return found == version
  }
}
