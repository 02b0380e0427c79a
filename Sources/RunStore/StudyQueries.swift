extension Study {
  /// All trials in the order of their numbers.
  public func trials() throws -> [TrialRecord] { try store.use { try $0.trials(of: record.id) } }

  public func trial(_ number: Int) throws -> TrialRecord? {
    try store.use { try $0.trial(number, of: record.id) }
  }

  /// Fits in the order of rung, repeat and fold.
  public func fits(of trial: TrialRecord) throws -> [FitRecord] {
    try store.use { try $0.fits(of: trial.id) }
  }

  /// All metrics of a fit, epoch by epoch, each epoch's by name.
  public func metrics(of fit: FitRecord) throws -> [MetricRecord] {
    try store.use { database in
      try database.rows(
        "SELECT epoch, name, value FROM metrics WHERE fit = ? ORDER BY epoch, name", [.int(fit.id)],
        Database.metric)
    }
  }

  /// One metric of a fit, epoch by epoch.
  public func series(_ metric: String, of fit: FitRecord) throws -> [MetricRecord] {
    try store.use { database in
      try database.rows(
        "SELECT epoch, name, value FROM metrics WHERE fit = ? AND name = ? ORDER BY epoch",
        [.int(fit.id), .text(metric)], Database.metric)
    }
  }

  /// The names of all metrics that any fit has.
  public func metricNames() throws -> [String] {
    try store.use { database in
      try database.rows(
        "SELECT DISTINCT metrics.name FROM metrics JOIN fits ON fits.id = metrics.fit"
          + " JOIN trials ON trials.id = fits.trial WHERE trials.study = ? ORDER BY metrics.name",
        [.int(record.id)]
      ) { $0.text(0) }
    }
  }

  /// How many trials are in each state.
  public func counts() throws -> [TrialState: Int] {
    let rows = try store.use { database in
      try database.rows(
        "SELECT state, count(*) FROM trials WHERE study = ? GROUP BY state", [.int(record.id)]
      ) {
        (TrialState(rawValue: $0.text(0)) ?? .failed, $0.int(1))
      }
    }
    return Dictionary(rows, uniquingKeysWith: +)
  }

  /// Which way metrics improve, as far as that was said.
  public func directions() throws -> [String: StudyDirection] {
    let rows = try store.use { database in
      try database.rows("SELECT metric, direction FROM directions WHERE study = ?", [.int(record.id)]) {
        ($0.text(0), StudyDirection(rawValue: $0.text(1)) ?? .min)
      }
    }
    return Dictionary(rows, uniquingKeysWith: { $1 })
  }

  /// The finished trial with the best value; the first of equals; NaN is never best.
  public func best() throws -> TrialRecord? {
    var best: (trial: TrialRecord, value: Double)?
    for trial in try trials() where trial.state == .finished {
      guard let value = trial.value, !value.isNaN else { continue }
      if let held = best, record.direction == .max ? value <= held.value : value >= held.value { continue }
      best = (trial, value)
    }
    return best?.trial
  }
}
