import Training

/// What becomes of trials that are this process's: their plans, their fits, and how each ends.
extension SearchSource {
  /// Makes the plan of a trial that is ours; one that has none has failed.
  func begin(
    _ number: Int, _ point: SearchPoint, _ record: TrialRecord?, after known: [TrialOutcome],
    _ state: inout SearchState
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

  func readyJob(_ state: inout SearchState) -> FitJob? {
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
    _ fit: Int, _ request: FitRequest, _ result: Result<RunReport, any Error>, _ state: SearchState
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
  private func conclude(_ number: Int, _ state: inout SearchState) throws {
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
    _ active: ActiveTrial, _ fits: [EndedFit], _ state: inout SearchState
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
    _ state: inout SearchState
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
  func learn(_ kept: TrialBook.KeptTrial, _ state: inout SearchState, isOurs: Bool = false) {
    let number = kept.trial.number
    let outcome = TrialOutcome(kept.trial, kept.point, kept.fits, state.rules)
    state.outcomes[number] = outcome
    state.trials[number] = kept.trial
    if kept.trial.value != nil { state.hasObjective = true }
    for (rung, value) in outcome.rungs.enumerated() { state.rungs[rung, default: [:]][number] = value }
    let best = SearchReport.best(of: Array(state.trials.values), state.rules.objective)
    display.ended(kept.trial, isOurs: isOurs, best: best, state.rules.objective)
  }

  func trial(
    _ number: Int, _ point: SearchPoint, _ state: TrialState, value: Double? = nil, error: String? = nil
  ) -> SearchTrial {
    SearchTrial(
      number: number, parameters: search.space.values(of: point), state: state, value: value,
      seed: base.training.seed, error: error)
  }
}
