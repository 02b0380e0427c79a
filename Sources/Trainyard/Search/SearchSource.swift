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
  private let search: SearchPlan
  private let seed: UInt64
  /// The plan of the file itself.
  private let base: Plan
  private let makePlan: @Sendable (SearchPoint) throws -> Plan
  /// The folder of the search; `nil`: nothing is written.
  private let folder: String?
  private let openBook: @Sendable (Objective) throws -> TrialBook
  private let folds: (@Sendable (Worker) throws -> (TrialFolds, warnings: [String]))?
  private let interruption: Interruption
  private let deadline: ContinuousClock.Instant?
  private let display: SearchDisplay
  private let state = Guarded(State())

  private struct State {
    var book: TrialBook?
    var rules = SearchRules(objective: Objective(metric: "", direction: .min), halving: nil, fits: 1)
    var folds: TrialFolds?
    var limit = 0
    var outcomes: [Int: TrialOutcome] = [:]
    var trials: [Int: SearchTrial] = [:]
    /// The next number to propose.
    var next = 0
    /// Trials of other processes, which end there or become ours.
    var held: Set<Int> = []
    /// Those of them that are to be asked for again.
    var retry: Set<Int> = []
    var active: [Int: ActiveTrial] = [:]
    /// By the job's number.
    var jobs: [Int: (trial: Int, fit: Int)] = [:]
    var jobCount = 0
    /// By rung and trial, as they come: for a search that is asynchronous.
    var rungs: [Int: [Int: Double]] = [:]
    var hasObjective = false
    var isTimeUp = false
    var failure: (any Error)?
  }

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
  private func giveBackActive(_ state: inout State) {
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
  private func step(_ state: inout State) -> Step? {
    do {
      return search.config.isAsynchronous ? try stepAsynchronously(&state) : try stepInOrder(&state)
    } catch {
      state.failure = state.failure ?? error
      return .end
    }
  }

  private func stepInOrder(_ state: inout State) throws -> Step? {
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
  private func number(_ state: inout State) -> Int? {
    if let deadline, ContinuousClock.now >= deadline {
      // Trials of other processes are not waited for either: one that is left there would be begun.
      state.isTimeUp = state.next < state.limit || !state.held.isEmpty
      return nil
    }
    return state.retry.min() ?? (state.next < state.limit ? state.next : nil)
  }

  /// What a trial may look at, in order; `nil`: not all of it is known yet.
  private func known(to number: Int, _ state: State) -> [TrialOutcome]? {
    guard search.config.strategy.learns || state.rules.halving != nil else { return [] }
    let end = number - search.config.lag + 1
    guard end > 0 else { return [] }
    let known = (0..<end).compactMap { state.outcomes[$0] }
    return known.count == end ? known : nil
  }

  private func stepAsynchronously(_ state: inout State) throws -> Step? {
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

  // MARK: Trials

  /// Makes the plan of a trial that is ours; one that has none has failed.
  private func begin(
    _ number: Int, _ point: SearchPoint, _ record: TrialRecord?, after known: [TrialOutcome],
    _ state: inout State
  ) throws {
    let plan: Plan
    do { plan = try makePlan(point) } catch {
      let words = (error as? ConfigProblems)?.problems.first?.message ?? "\(error)"
      let trial = trial(number, point, .failed, error: words)
      try state.book?.finish(record, trial, [])
      return learn(TrialBook.KeptTrial(trial: trial, point: point, fits: []), &state, isOurs: true)
    }
    if let folder { PathName.remove(PathName.join(folder, SearchFolder.trial(number))) }
    var active = ActiveTrial(
      number: number, point: point, plan: plan, record: record,
      others: (0..<64).map { rung in
        known.compactMap { $0.rungs.indices.contains(rung) ? $0.rungs[rung] : nil }
      },
      barrier: state.rules.fits)
    if state.rules.fits > 1 {
      active.rungs = state.rules.rungs(epochs: 0)
      active.barrier = active.rungs.first ?? state.rules.fits
    } else if state.rules.halving != nil {
      active.observer = observer(active, state.rules)
    }
    state.active[number] = active
    display.began(number)
  }

  private func observer(_ active: ActiveTrial, _ rules: SearchRules) -> RungObserver {
    let others = active.others
    guard search.config.isAsynchronous else {
      return RungObserver(rules, epochs: active.plan.training.epochs) { rung, _ in
        others.indices.contains(rung) ? others[rung] : []
      }
    }
    let number = active.number
    return RungObserver(rules, epochs: active.plan.training.epochs) { [state] rung, value in
      state.withLock { state in
        let values = state.rungs[rung, default: [:]].filter { $0.key != number }.map(\.value)
        state.rungs[rung, default: [:]][number] = value
        return values
      }
    }
  }

  private func readyJob(_ state: inout State) -> FitJob? {
    guard let number = state.active.filter({ $0.value.hasWork }).keys.min(),
      var active = state.active[number]
    else { return nil }
    let fit = active.next
    var request = state.folds?.request(active.plan, fit) ?? FitRequest(active.plan)
    if let folder {
      let place = PathName.join(folder, SearchFolder.trial(number))
      request.folder = .exact(
        state.folds.map { PathName.join(place, $0.folderName(fit)) } ?? place)
    }
    request.observer = display.observer(number, active.observer, active.plan, fit, state.folds)
    active.next += 1
    active.inFlight += 1
    state.active[number] = active
    let job = FitJob(number: state.jobCount, request: request)
    state.jobs[job.number] = (number, fit)
    state.jobCount += 1
    return job
  }

  func finished(_ job: FitJob, _ result: Result<RunReport, any Error>) {
    state.withLock { state in
      guard let (number, fit) = state.jobs.removeValue(forKey: job.number) else { return }
      state.active[number]?.inFlight -= 1
      let ended = ended(fit, job.request, result, state)
      if ended.record.outcome == Outcome.interrupted.name {
        state.active[number]?.isInterrupted = true
      } else {
        state.active[number]?.ended[fit] = ended
      }
      do { try conclude(number, &state) } catch {
        state.failure = state.failure ?? error
        state.active[number] = nil
      }
    }
  }

  /// Whose lines are those of a job.
  func label(_ job: FitJob) -> String {
    state.withLock { state in
      guard let (number, fit) = state.jobs[job.number] else { return "" }
      return SearchDisplay.label(number) + (state.folds.map { ", fold \($0.label(fit).fold + 1)" } ?? "")
    }
  }

  private func ended(
    _ fit: Int, _ request: FitRequest, _ result: Result<RunReport, any Error>, _ state: State
  ) -> EndedFit {
    var record = FitRecord(seed: request.seed, outcome: Outcome.failed.name)
    var ended = EndedFit(record: record, series: [])
    switch result {
    case .success(let report):
      record = FitRecord(report.result, seed: request.seed)
      record.folder = report.folder
      ended.series = state.rules.objective.series(of: report.result)
      ended.metrics = MetricRecord.all(of: report.result)
      ended.report = report
      record.value = record.hasFailed ? nil : state.rules.objective.value(of: ended.series)
    case .failure(let error):
      let words = (error as? any FailureWords)?.failureWords.message ?? "\(error)"
      record.reason = words
      record.error = words
    }
    if let (repeated, fold) = state.folds?.label(fit) {
      record.repeat = repeated
      record.fold = fold
    }
    ended.record = record
    return ended
  }

  /// Ends a trial, or decides whether it goes on behind a rung of folds, when what that needs is there.
  private func conclude(_ number: Int, _ state: inout State) throws {
    guard var active = state.active[number] else { return }
    if active.isInterrupted {
      guard active.inFlight == 0 else { return }
      state.active[number] = nil
      state.trials[number] = trial(number, active.point, .interrupted)
      display.left(number)
      return try state.book?.release(active.record) ?? ()
    }
    guard active.inFlight == 0 || active.ending != nil, let fits = active.ending else { return }
    let failed = fits.last.flatMap { $0.record.hasFailed ? $0 : nil }
    let value = state.rules.value(of: fits)
    if failed == nil, let value, value.isFinite, let rung = active.rungs.first, rung == active.barrier {
      let index = state.rules.rungs(epochs: 0).count - active.rungs.count
      let others = active.others.indices.contains(index) ? active.others[index] : []
      guard let reason = state.rules.reasonToEnd(value, at: rung, among: others) else {
        active.rungs.removeFirst()
        active.barrier = active.rungs.first ?? state.rules.fits
        state.active[number] = active
        return
      }
      return try end(active, .pruned, value, reason, fits, &state)
    }
    // Folds beside one that failed may still run: their files go when they have ended.
    guard active.inFlight == 0 else { return }
    if let failed {
      return try end(active, .failed, nil, failed.record.error ?? failed.record.reason, fits, &state)
    }
    guard let value else { return try endWithoutObjective(active, fits, &state) }
    guard value.isFinite else {
      return try end(active, .failed, nil, "\(state.rules.objective.metric) is \(value)", fits, &state)
    }
    if active.observer?.hasEnded == true {
      return try end(active, .pruned, value, nil, fits, &state)
    }
    try end(active, .finished, value, nil, fits, &state)
  }

  /// When no trial has reported it, there is nothing to search by: the trial is given back, for another time.
  private func endWithoutObjective(
    _ active: ActiveTrial, _ fits: [EndedFit], _ state: inout State
  ) throws {
    let metric = state.rules.objective.metric
    if state.hasObjective {
      return try end(active, .failed, nil, "it reported no '\(metric)'", fits, &state)
    }
    state.active[active.number] = nil
    display.left(active.number)
    try state.book?.release(active.record)
    throw SearchError.noObjective(metric, among: fits.first?.report?.result.metricNames ?? [])
  }

  private func end(
    _ active: ActiveTrial, _ result: TrialState, _ value: Double?, _ error: String?, _ fits: [EndedFit],
    _ state: inout State
  ) throws {
    for (index, fit) in active.ended where index >= fits.count {
      if let folder = fit.record.folder { PathName.remove(folder) }
    }
    var trial = trial(
      active.number, active.point, result, value: value, error: result == .failed ? error : nil)
    trial.fits = fits.map(\.record)
    trial.reports = fits.compactMap(\.report)
    try state.book?.finish(active.record, trial, fits)
    state.active[active.number] = nil
    learn(TrialBook.KeptTrial(trial: trial, point: active.point, fits: fits), &state, isOurs: true)
  }

  /// - Parameter isOurs: This process has run it, now.
  private func learn(_ kept: TrialBook.KeptTrial, _ state: inout State, isOurs: Bool = false) {
    let number = kept.trial.number
    let outcome = TrialOutcome(kept.trial, kept.point, kept.fits, state.rules)
    state.outcomes[number] = outcome
    state.trials[number] = kept.trial
    if kept.trial.value != nil { state.hasObjective = true }
    for (rung, value) in outcome.rungs.enumerated() { state.rungs[rung, default: [:]][number] = value }
    let best = SearchReport.best(of: Array(state.trials.values), state.rules.objective)
    display.ended(kept.trial, isOurs: isOurs, best: best, state.rules.objective)
  }

  private func trial(
    _ number: Int, _ point: SearchPoint, _ state: TrialState, value: Double? = nil, error: String? = nil
  ) -> SearchTrial {
    SearchTrial(
      number: number, parameters: search.space.values(of: point), state: state, value: value,
      seed: base.training.seed, error: error)
  }
}
