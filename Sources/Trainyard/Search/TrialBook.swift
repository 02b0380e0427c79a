import RunStore
import Synchronization
import Training

/// The trials of a search as they are kept: in a store that several processes share, or in memory for this one.
struct TrialBook: Sendable {
  /// `nil`: in memory; nobody else is there.
  let study: Study?
  let space: SearchSpace
  let objective: Objective

  /// What came of the wish to work on a trial.
  enum Claim {
    /// `nil` without a store.
    case ours(TrialRecord?)
    case ended(KeptTrial)
    /// Another process works on it.
    case held
  }

  /// A trial that has ended, as it was kept.
  struct KeptTrial {
    var trial: SearchTrial
    var point: SearchPoint
    var fits: [EndedFit]
  }

  func claim(_ number: Int, _ point: SearchPoint, seed: UInt64) throws -> Claim {
    guard let study else { return .ours(nil) }
    switch try study.claim(number, parameters: JSONWriter.compact(space.json(of: point)), seed: seed) {
    case .claimed(let record): return .ours(record)
    case .held: return .held
    case .ended(let record): return .ended(try kept(record, study))
    }
  }

  /// Any trial that is to be had, and the point that it has already; for a search that is asynchronous.
  func claimNext(below limit: Int) throws -> (record: TrialRecord, point: SearchPoint?)? {
    guard let record = try study?.claimNext(below: limit) else { return nil }
    return (record, try record.parameters.map { try point($0, of: record) })
  }

  func propose(_ record: inout TrialRecord, _ point: SearchPoint, seed: UInt64) throws {
    try study?.propose(&record, parameters: JSONWriter.compact(space.json(of: point)), seed: seed)
  }

  func finish(_ record: TrialRecord?, _ trial: SearchTrial, _ fits: [EndedFit]) throws {
    guard let study, let record else { return }
    if let directions = trial.reports.first?.directions {
      try study.setDirections(directions.compactMapValues { StudyDirection($0) })
    }
    try study.finish(
      record, trial.state, value: trial.value, error: trial.error, fits: fits.map { ($0.record, $0.metrics) })
  }

  /// Lets go of a trial in the middle: whoever wants can begin it again.
  func release(_ record: TrialRecord?) throws {
    guard let study, let record else { return }
    try study.finish(record, .interrupted)
  }

  /// Trials that have ended and are not known here yet, and how many others work on.
  func news(beyond known: (Int) -> Bool) throws -> (ended: [KeptTrial], held: Int) {
    guard let study else { return ([], 0) }
    var ended: [KeptTrial] = []
    var held = 0
    for record in try study.trials() where !known(record.number) {
      if record.state.isFinal { ended.append(try kept(record, study)) } else { held += 1 }
    }
    return (ended, held)
  }

  private func kept(_ record: TrialRecord, _ study: Study) throws -> KeptTrial {
    let point = try point(record.parameters ?? "", of: record)
    let records = try study.fits(of: record)
    var trial = SearchTrial(
      number: record.number, parameters: space.values(of: point), state: record.state, value: record.value,
      seed: record.seed ?? 0, error: record.error)
    trial.fits = records
    let fits = try records.map { fit in
      EndedFit(record: fit, series: try study.series(objective.metric, of: fit).map { ($0.epoch, $0.value) })
    }
    return KeptTrial(trial: trial, point: point, fits: fits)
  }

  private func point(_ text: String, of record: TrialRecord) throws -> SearchPoint {
    if let json = try? JSONValue(parsing: text, from: "store"), let point = space.point(of: json) {
      return point
    }
    throw SearchError(
      .foreignTrial,
      "trial \(record.number) of the store has parameters that this search cannot have: \(text)",
      help: "give this search another name")
  }
}
