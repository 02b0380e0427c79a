/// A study of a store: who claims a trial works on it, records its fits and finishes it.
///
///     let study = try store.openStudy(name: "digits", kind: .search, configDigest: digest, config: json)
///     while var trial = try study.claimNext(below: 20, worker: "0") {
///       if trial.parameters == nil { try study.propose(&trial, parameters: json, seed: 7) }
///       try study.record(fit, metrics, of: trial)
///       try study.finish(trial, .finished, value: 0.9)
///     }
public struct Study: Sendable {
  public let store: RunStore
  public let record: StudyRecord

  public var name: String { record.name }

  /// What came of the wish to work on a trial.
  public enum Claim: Sendable {
    /// It is the caller's now. What an earlier owner left of it is gone.
    case claimed(TrialRecord)
    /// It is done: this is what came of it.
    case ended(TrialRecord)
    /// Somebody else works on it.
    case held(TrialRecord)
  }

  /// Claims the trial of a number for this process: one that is new, waits, was interrupted, or whose owner is dead.
  ///
  /// Throws `StoreError` `.differentTrial` where the trial has other parameters.
  public func claim(
    _ number: Int, parameters: String, seed: UInt64? = nil, worker: String? = nil
  ) throws -> Claim {
    try store.use { database in
      try database.transaction {
        if let found = try database.trial(number, of: record.id) {
          if let known = found.parameters, known != parameters || found.seed != nil && found.seed != seed {
            throw differentTrial(found, parameters, seed)
          }
          if found.state.isFinal { return .ended(found) }
          if found.state == .running, !found.isLost { return .held(found) }
        }
        return .claimed(
          try database.claim(number, of: self, parameters: parameters, seed: seed, worker: worker))
      }
    }
  }

  /// Claims the first trial below a number that is to be had: a new one, or one that waits, was interrupted, or whose
  /// owner is dead; such a one may have its parameters already. `nil`: all of them have ended or are being worked on.
  public func claimNext(below limit: Int, worker: String? = nil) throws -> TrialRecord? {
    try store.use { database in
      try database.transaction {
        let free = try database.openTrials(of: record.id).first { $0.state != .running || $0.isLost }
        let next = min(free?.number ?? .max, try database.firstFreeNumber(of: record.id))
        guard next < limit else { return nil }
        return try database.claim(next, of: self, parameters: nil, seed: nil, worker: worker)
      }
    }
  }

  /// One above the highest number that there is.
  public func nextNumber() throws -> Int {
    try store.use { database in
      try database.first("SELECT max(number) + 1 FROM trials WHERE study = ?", [.int(record.id)]) {
        $0.int(0)
      } ?? 0
    }
  }

  /// Adds a trial that waits for whoever claims it. Returns `false` where the number is taken.
  @discardableResult
  public func enqueue(_ number: Int, parameters: String, seed: UInt64? = nil) throws -> Bool {
    try store.use { database in
      try database.run(
        "INSERT OR IGNORE INTO trials (study, number, state, parameters, seed) VALUES (?, ?, 'waiting', ?, ?)",
        [.int(record.id), SQLValue(number), .text(parameters), SQLValue(seed)])
      return database.changes > 0
    }
  }

  // MARK: What the owner of a trial may do

  /// Says what a claimed trial tries.
  public func propose(_ trial: inout TrialRecord, parameters: String, seed: UInt64? = nil) throws {
    let claimed = trial
    try store.use { database in
      try database.transaction {
        try requireOwner(claimed, database)
        try database.run(
          "UPDATE trials SET parameters = ?, seed = ? WHERE id = ?",
          [.text(parameters), SQLValue(seed), .int(claimed.id)])
      }
    }
    trial.parameters = parameters
    trial.seed = seed
  }

  /// Records a fit of a claimed trial with all its metrics, or nothing of it. A fit of the same rung, repeat and fold
  /// is replaced.
  public func record(_ fit: FitRecord, _ metrics: [MetricRecord], of trial: TrialRecord) throws {
    try store.use { database in
      try database.transaction {
        try requireOwner(trial, database)
        try database.insert(fit, metrics, of: trial.id)
      }
    }
  }

  /// Ends a claimed trial, with the last of its fits where they are not recorded yet.
  public func finish(
    _ trial: TrialRecord, _ state: TrialState, value: Double? = nil, error: String? = nil,
    fits: [(FitRecord, [MetricRecord])] = []
  ) throws {
    try store.use { database in
      try database.transaction {
        try requireOwner(trial, database)
        for (fit, metrics) in fits { try database.insert(fit, metrics, of: trial.id) }
        try database.run(
          "UPDATE trials SET state = ?, value = ?, has_value = ?, error = ?, ended = ? WHERE id = ?",
          [
            .text(state.rawValue), SQLValue(value), .int(value == nil ? 0 : 1), SQLValue(error),
            .int(RunStore.now()), .int(trial.id),
          ])
      }
    }
  }

  /// Says which way metrics improve.
  public func setDirections(_ directions: [String: StudyDirection]) throws {
    try store.use { database in
      try database.transaction {
        for (metric, direction) in directions.sorted(by: { $0.key < $1.key }) {
          try database.run(
            "INSERT INTO directions (study, metric, direction) VALUES (?, ?, ?)"
              + " ON CONFLICT DO UPDATE SET direction = excluded.direction WHERE direction <> excluded.direction",
            [.int(record.id), .text(metric), .text(direction.rawValue)])
        }
      }
    }
  }

  /// A claim is good until the trial ends or, after its owner's death, another has claimed it.
  private func requireOwner(_ trial: TrialRecord, _ database: Database) throws {
    let current = try database.trial(trial.number, of: record.id)
    guard let current, current.id == trial.id, current.attempt == trial.attempt, current.state == .running
    else {
      throw StoreError(
        .notClaimed, store.path,
        "trial \(name)/\(trial.number) is no longer this process's: "
          + (current.map { "it is \($0.state.rawValue), claimed \($0.attempt) times" } ?? "it was removed"))
    }
  }

  private func differentTrial(_ found: TrialRecord, _ parameters: String, _ seed: UInt64?) -> StoreError {
    let stored = "\(found.parameters ?? "none"), seed \(found.seed.map(String.init) ?? "none")"
    return StoreError(
      .differentTrial, store.path,
      "trial \(name)/\(found.number) has the parameters \(stored), and was claimed with \(parameters), seed "
        + (seed.map(String.init) ?? "none"), help: "give this study another name")
  }
}
