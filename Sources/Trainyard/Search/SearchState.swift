/// Where a search stands.
struct SearchState {
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
