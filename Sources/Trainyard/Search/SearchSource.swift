import Glibc
import RunStore
import Synchronization
import Training

/// Proposes trials, hands out their fits, and takes what comes of them: the search itself.
///
/// Trial n is proposed, and decided upon at its rungs, by the trials up to n - lag in the order of their numbers, all of
/// which have ended by then. So the trials are the same with any number of workers and of processes, and those of a
/// search that was killed are proposed again as they were.
final class SearchSource: FitSource {
  let search: SearchPlan
  let seed: UInt64
  /// The plan of the file itself.
  let base: Plan
  let makePlan: @Sendable (SearchPoint) throws -> Plan
  /// The folder of the search; `nil`: nothing is written.
  let folder: String?
  private let openBook: @Sendable (Objective) throws -> TrialBook
  private let folds: (@Sendable (Worker) throws -> (TrialFolds, warnings: [String]))?
  private let interruption: Interruption
  private let deadline: ContinuousClock.Instant?
  let display: SearchDisplay
  let state = Guarded(SearchState())

  init(
    _ search: SearchPlan, base: Plan, seed: UInt64, folder: String?, interruption: Interruption,
    folds: (@Sendable (Worker) throws -> (TrialFolds, warnings: [String]))?,
    plan: @escaping @Sendable (SearchPoint) throws -> Plan,
    book: @escaping @Sendable (Objective) throws -> TrialBook,
    display: SearchDisplay
  ) {
    self.search = search
    self.base = base
    self.seed = seed
    self.folder = folder
    self.interruption = interruption
    self.folds = folds
    makePlan = plan
    openBook = book
    self.display = display
    deadline = search.config.timeLimit.map { ContinuousClock.now + $0 }
  }

  /// Finds out what the metrics are and which trials there are already.
  func prepare(_ worker: Worker) throws {
    var listed = base
    // What is held out in each fold is the validation of its fit.
    if folds != nil { listed.data.validation = .fraction(0.5, stratify: false) }
    let objective = try Objective(search.config, among: try worker.metrics(listed))
    let read = try folds?(worker)
    let folds = read?.0
    for warning in read?.warnings ?? [] { display.fits.warn(warning) }
    let book = try openBook(objective)
    state.withLock { state in
      state.book = book
      state.folds = folds
      state.rules = SearchRules(
        objective: objective, halving: search.config.halving.map { Halving($0, folds: folds != nil) },
        fits: folds?.count ?? 1)
      state.limit = search.trials
    }
  }

  /// All that is known when the pool has ended, or the error that ended it.
  func result() throws -> (trials: [SearchTrial], objective: Objective, isTimeUp: Bool) {
    try state.withLock { state in
      giveBackActive(&state)
      if let failure = state.failure { throw failure }
      return (
        state.trials.values.sorted { $0.number < $1.number }, state.rules.objective, state.isTimeUp
      )
    }
  }

  /// Trials that an interruption or an error has met between two of their fits: nobody is to wait for this process.
  private func giveBackActive(_ state: inout SearchState) {
    for (number, active) in state.active {
      state.trials[number] = trial(number, active.point, .interrupted)
      // Where the store fails, the trial is free when this process ends.
      try? state.book?.release(active.record)
    }
    state.active = [:]
  }

  // MARK: Handing out

  private enum Step {
    case job(FitJob)
    case end
    /// Another process has something that is waited for.
    case poll
  }

  func next() -> FitJob? {
    while true {
      switch state.wait({ step(&$0) }) {
      case .job(let job): return job
      case .end: return nil
      case .poll:
        usleep(50_000)
        state.withLock { $0.retry = $0.held }
      }
    }
  }

  /// `nil`: nothing to do before one of this process's fits has ended.
  private func step(_ state: inout SearchState) -> Step? {
    do {
      return search.config.isAsynchronous ? try stepAsynchronously(&state) : try stepInOrder(&state)
    } catch {
      state.failure = state.failure ?? error
      return .end
    }
  }

  private func stepInOrder(_ state: inout SearchState) throws -> Step? {
    while true {
      if state.failure != nil || interruption.isRequested { return .end }
      if let job = readyJob(&state) { return .job(job) }
      guard let number = number(&state) else {
        if !state.active.isEmpty { return nil }
        return state.held.isEmpty || state.isTimeUp ? .end : .poll
      }
      guard let known = known(to: number, state) else {
        return state.active.isEmpty || !state.held.isEmpty ? .poll : nil
      }
      let strategy = search.config.strategy
      guard
        let point = strategy.point(
          search.space, trial: number, seed: seed, after: known, state.rules.objective.direction)
      else {
        state.limit = number
        continue
      }
      if state.retry.remove(number) == nil { state.next = number + 1 }
      switch try state.book?.claim(number, point, seed: base.training.seed) {
      case .ours(let record)?:
        state.held.remove(number)
        try begin(number, point, record, after: known, &state)
      case .ended(let kept)?:
        state.held.remove(number)
        learn(kept, &state)
      case .held?: state.held.insert(number)
      case nil: return .end
      }
    }
  }

  /// The number of the trial to propose next: one that another process may have left, else a new one.
  private func number(_ state: inout SearchState) -> Int? {
    if let deadline, ContinuousClock.now >= deadline {
      // Trials of other processes are not waited for either: one that is left there would be begun.
      state.isTimeUp = state.next < state.limit || !state.held.isEmpty
      return nil
    }
    return state.retry.min() ?? (state.next < state.limit ? state.next : nil)
  }

  /// What a trial may look at, in order; `nil`: not all of it is known yet.
  private func known(to number: Int, _ state: SearchState) -> [TrialOutcome]? {
    guard search.config.strategy.learns || state.rules.halving != nil else { return [] }
    let end = number - search.config.lag + 1
    guard end > 0 else { return [] }
    let known = (0..<end).compactMap { state.outcomes[$0] }
    return known.count == end ? known : nil
  }

  private func stepAsynchronously(_ state: inout SearchState) throws -> Step? {
    while true {
      if state.failure != nil || interruption.isRequested { return .end }
      if let job = readyJob(&state) { return .job(job) }
      guard let book = state.book else { return .end }
      state.retry = []
      let (ended, working) = try book.news { state.outcomes[$0] != nil }
      for kept in ended { learn(kept, &state) }
      if let deadline, ContinuousClock.now >= deadline {
        // When nothing is left to begin, it was not time that ended the search.
        state.isTimeUp = (0..<state.limit).contains { state.outcomes[$0] == nil && state.active[$0] == nil }
      }
      var claimed: (record: TrialRecord?, number: Int, point: SearchPoint?)?
      if state.isTimeUp {
      } else if book.study == nil {
        if state.next < state.limit { claimed = (nil, state.next, nil) }
      } else if let found = try book.claimNext(below: state.limit) {
        claimed = (found.record, found.record.number, found.point)
      }
      guard var claimed else {
        if !state.active.isEmpty { return nil }
        return working == 0 || state.isTimeUp ? .end : .poll
      }
      state.next = claimed.number + 1
      let known = state.outcomes.values.sorted { $0.number < $1.number }
      let proposed = search.config.strategy.point(
        search.space, trial: claimed.number, seed: seed, after: known, state.rules.objective.direction)
      guard let point = claimed.point ?? proposed else { return .end }
      if var record = claimed.record, claimed.point == nil {
        try book.propose(&record, point, seed: base.training.seed)
        claimed.record = record
      }
      try begin(claimed.number, point, claimed.record, after: known, &state)
    }
  }
}
