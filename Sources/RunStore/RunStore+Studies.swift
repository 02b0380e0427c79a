extension RunStore {
  /// Begins a study, or goes on with the one of that name. Throws `StudyDiffers` where that one is of something else:
  /// it carries both configs, so that a caller can say what differs.
  public func openStudy(
    name: String, kind: StudyKind, configDigest: String, config: String, objective: String? = nil,
    direction: StudyDirection? = nil
  ) throws -> Study {
    try open(
      StudyRecord(
        name: name, kind: kind, configDigest: configDigest, config: config, objective: objective,
        direction: direction), replacing: false)
  }

  /// Begins a study. One of that name and kind is removed first, with all that it has.
  public func replaceStudy(_ wanted: StudyRecord) throws -> Study { try open(wanted, replacing: true) }

  private func open(_ wanted: StudyRecord, replacing: Bool) throws -> Study {
    try checkName(wanted.name)
    let record = try use { database in
      try database.transaction {
        if let stored = try database.study(named: wanted.name) {
          let isOther =
            stored.kind != wanted.kind
            || !replacing
              && (stored.configDigest != wanted.configDigest || stored.objective != wanted.objective
                || stored.direction != wanted.direction)
          if isOther { throw StudyDiffers(path: path, stored: stored, wanted: wanted) }
          if !replacing { return stored }
          try database.run("DELETE FROM studies WHERE id = ?", [.int(stored.id)])
        }
        var record = wanted
        record.created = Self.now()
        try database.run(
          "INSERT INTO studies (name, kind, config_digest, config, objective, direction, created)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?)",
          [
            .text(record.name), .text(record.kind.rawValue), .text(record.configDigest), .text(record.config),
            SQLValue(record.objective), SQLValue(record.direction?.rawValue), .int(record.created),
          ])
        record.id = database.lastID
        return record
      }
    }
    return Study(store: self, record: record)
  }

  /// Names stand in ids such as `digits/3/2`, in lists and on command lines.
  private func checkName(_ name: String) throws {
    let isGood =
      !name.isEmpty && name.utf8.count <= 255 && !name.contains("/")
      && !name.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }
    guard isGood else {
      throw StoreError(
        .badName, path, "'\(name)' cannot be the name of a study",
        help: "give it one of 1 to 255 bytes, without '/' and line breaks")
    }
  }

  /// All studies, the oldest first.
  public func studies() throws -> [Study] {
    try use { database in
      try database.rows(
        "SELECT \(Database.studyColumns) FROM studies ORDER BY created, id", [], Database.study)
    }.map { Study(store: self, record: $0) }
  }

  public func study(named name: String) throws -> Study? {
    try use { try $0.study(named: name) }.map { Study(store: self, record: $0) }
  }

  /// Removes a study with all that it has. Returns whether there was one.
  @discardableResult
  public func removeStudy(named name: String) throws -> Bool {
    try use { database in
      try database.run("DELETE FROM studies WHERE name = ?", [.text(name)])
      return database.changes > 0
    }
  }
}

extension Database {
  static let studyColumns = "id, name, kind, config_digest, config, objective, direction, created"

  static func study(_ row: Row) throws -> StudyRecord {
    var record = StudyRecord(
      name: row.text(1), kind: StudyKind(rawValue: row.text(2)) ?? .run, configDigest: row.text(3),
      config: row.text(4), objective: row.optionalText(5),
      direction: row.optionalText(6).flatMap(StudyDirection.init(rawValue:)))
    record.id = row.int64(0)
    record.created = row.time(7)
    return record
  }

  func study(named name: String) throws -> StudyRecord? {
    try first("SELECT \(Self.studyColumns) FROM studies WHERE name = ?", [.text(name)], Self.study)
  }
}
