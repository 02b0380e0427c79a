/// Trials, fits and metrics as rows.
extension Database {
  // MARK: Trials

  static let trialColumns =
    "id, study, number, state, attempt, parameters, value, has_value, seed, error, worker, pid, boot,"
    + " process_started, session, started, ended"

  static func trial(_ row: Row) throws -> TrialRecord {
    let owner = row.optionalInt64(11).map {
      ProcessIdentity(
        pid: Int32(clamping: $0), boot: row.text(12), started: row.int64(13), session: row.int64(14))
    }
    return TrialRecord(
      id: row.int64(0), study: row.int64(1), number: row.int(2),
      state: TrialState(rawValue: row.text(3)) ?? .failed, attempt: row.int(4),
      parameters: row.optionalText(5), value: value(row, 6, isThere: 7),
      seed: row.optionalText(8).flatMap(UInt64.init), error: row.optionalText(9),
      worker: row.optionalText(10), owner: owner, started: row.optionalTime(15), ended: row.optionalTime(16)
    )
  }

  /// NULL is NaN where there is a value at all.
  private static func value(_ row: Row, _ column: Int, isThere flag: Int) -> Double? {
    row.int(flag) == 0 ? nil : row.optionalDouble(column) ?? .nan
  }

  func trial(_ number: Int, of study: Int64) throws -> TrialRecord? {
    try first(
      "SELECT \(Self.trialColumns) FROM trials WHERE study = ? AND number = ?",
      [.int(study), SQLValue(number)], Self.trial)
  }

  func trials(of study: Int64) throws -> [TrialRecord] {
    try rows(
      "SELECT \(Self.trialColumns) FROM trials WHERE study = ? ORDER BY number", [.int(study)], Self.trial)
  }

  /// Those that have not ended, in the order of their numbers.
  func openTrials(of study: Int64) throws -> [TrialRecord] {
    try rows(
      "SELECT \(Self.trialColumns) FROM trials WHERE study = ? AND state IN ('waiting', 'running', 'interrupted')"
        + " ORDER BY number", [.int(study)], Self.trial)
  }

  /// The least number that no trial has.
  func firstFreeNumber(of study: Int64) throws -> Int {
    let (count, end) =
      try first("SELECT count(*), max(number) + 1 FROM trials WHERE study = ?", [.int(study)]) {
        ($0.int(0), $0.int(1))
      } ?? (0, 0)
    if count == end { return end }
    let numbers = try rows("SELECT number FROM trials WHERE study = ? ORDER BY number", [.int(study)]) {
      $0.int(0)
    }
    return numbers.enumerated().first { $0.offset != $0.element }?.offset ?? end
  }

  /// Makes the trial this process's, new or without what an earlier owner left. Within a transaction.
  func claim(
    _ number: Int, of study: Study, parameters: String?, seed: UInt64?, worker: String?
  ) throws -> TrialRecord {
    let owner = study.store.identity
    try run(
      "DELETE FROM fits WHERE trial = (SELECT id FROM trials WHERE study = ? AND number = ?)",
      [.int(study.record.id), SQLValue(number)])
    try run(
      "INSERT INTO trials (study, number, state, attempt, parameters, seed, worker, pid, boot,"
        + " process_started, session, started) VALUES (?, ?, 'running', 1, ?, ?, ?, ?, ?, ?, ?, ?)"
        + " ON CONFLICT DO UPDATE SET state = 'running', attempt = attempt + 1, value = NULL, has_value = 0,"
        + " error = NULL, ended = NULL, parameters = coalesce(excluded.parameters, parameters),"
        + " seed = coalesce(excluded.seed, seed), worker = excluded.worker, pid = excluded.pid,"
        + " boot = excluded.boot, process_started = excluded.process_started, session = excluded.session,"
        + " started = excluded.started",
      [
        .int(study.record.id), SQLValue(number), SQLValue(parameters), SQLValue(seed), SQLValue(worker),
        .int(Int64(owner.pid)), .text(owner.boot), .int(owner.started), .int(owner.session),
        .int(RunStore.now()),
      ])
    guard let claimed = try trial(number, of: study.record.id) else {
      throw StoreError(.failed, path, "trial \(study.name)/\(number) is gone again")
    }
    return claimed
  }

  // MARK: Fits

  static let fitColumns =
    "id, rung, \"repeat\", fold, seed, folder, outcome, reason, stopped_by, epochs, steps, seconds, value,"
    + " has_value, error"

  static func fit(_ row: Row) throws -> FitRecord {
    var fit = FitRecord(
      rung: row.int(1), repeat: row.int(2), fold: row.int(3), seed: row.optionalText(4).flatMap(UInt64.init),
      outcome: row.text(6))
    fit.id = row.int64(0)
    fit.folder = row.optionalText(5)
    fit.reason = row.text(7)
    fit.stoppedBy = row.optionalText(8)
    fit.epochs = row.int(9)
    fit.steps = row.int(10)
    fit.seconds = row.double(11)
    fit.value = value(row, 12, isThere: 13)
    fit.error = row.optionalText(14)
    return fit
  }

  func fits(of trial: Int64) throws -> [FitRecord] {
    try rows(
      "SELECT \(Self.fitColumns) FROM fits WHERE trial = ? ORDER BY rung, \"repeat\", fold", [.int(trial)],
      Self.fit)
  }

  func insert(_ fit: FitRecord, _ metrics: [MetricRecord], of trial: Int64) throws {
    try run(
      "DELETE FROM fits WHERE trial = ? AND rung = ? AND \"repeat\" = ? AND fold = ?",
      [.int(trial), SQLValue(fit.rung), SQLValue(fit.repeat), SQLValue(fit.fold)])
    try run(
      "INSERT INTO fits (trial, rung, \"repeat\", fold, seed, folder, outcome, reason, stopped_by, epochs, steps,"
        + " seconds, value, has_value, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        .int(trial), SQLValue(fit.rung), SQLValue(fit.repeat), SQLValue(fit.fold), SQLValue(fit.seed),
        SQLValue(fit.folder), .text(fit.outcome), .text(fit.reason), SQLValue(fit.stoppedBy),
        SQLValue(fit.epochs), SQLValue(fit.steps), .real(fit.seconds.isNaN ? 0 : fit.seconds),
        SQLValue(fit.value), .int(fit.value == nil ? 0 : 1), SQLValue(fit.error),
      ])
    let id = lastID
    // A metric that is given twice for an epoch has its last value.
    let statement = try statement(
      "INSERT OR REPLACE INTO metrics (fit, name, epoch, value) VALUES (?, ?, ?, ?)")
    for metric in metrics {
      try statement.run([.int(id), .text(metric.name), SQLValue(metric.epoch), SQLValue(metric.value)]) { _ in
      }
    }
  }

  // MARK: Metrics

  static func metric(_ row: Row) throws -> MetricRecord {
    MetricRecord(epoch: row.int(0), name: row.text(1), value: row.optionalDouble(2) ?? .nan)
  }
}
