import Trainyard

/// What an id of the command line means.
enum FoundRun {
  case study(Study)
  case trial(Study, TrialRecord)
  case fit(Study, TrialRecord, FitRecord)
}

/// Finds runs by their ids: `name`, `study/3`, `study/3/2`; in a repeated cross-validation `study/3/1.2` for repeat 1,
/// fold 2; at a rung of successive halving `study/3/2@1`.
struct RunFinder {
  let store: RunStore

  init(_ store: RunStore) { self.store = store }

  func find(_ id: String) throws -> FoundRun {
    let parts = id.split(separator: "/").map(String.init)
    guard let first = parts.first else { throw RunProblem("an empty name is no run's") }
    guard let study = try store.study(named: first) else {
      // The run's folder, as the shell completes it.
      if parts.count > 1, let last = parts.last, let study = try store.study(named: last) {
        return .study(study)
      }
      throw try unknown(parts.count > 1 && Int(parts[1]) == nil ? parts.last ?? id : first)
    }
    guard parts.count > 1 else { return .study(study) }
    guard let number = Int(parts[1]), let trial = try study.trial(number) else {
      let numbers = try study.trials().map(\.number)
      let there =
        numbers.isEmpty ? "it has none yet" : "it has \(numbers.first ?? 0) to \(numbers.last ?? 0)"
      throw RunProblem("'\(study.name)' has no trial '\(parts[1])'", help: there)
    }
    guard parts.count > 2 else { return .trial(study, trial) }
    let fits = try study.fits(of: trial)
    guard parts.count == 3, let fit = fits.first(where: { $0.shortID == parts[2] }) else {
      throw RunProblem(
        "trial '\(study.name)/\(number)' has no fold '\(parts[2...].joined(separator: "/"))'",
        help: fits.isEmpty ? "it has none yet" : "it has: " + fits.map(\.shortID).joined(separator: ", "))
    }
    return .fit(study, trial, fit)
  }

  /// A study by its name.
  func study(_ name: String) throws -> Study {
    guard let study = try store.study(named: name) else { throw try unknown(name) }
    return study
  }

  private func unknown(_ name: String) throws -> RunProblem {
    let names = try store.studies().map(\.name)
    let all = "`trainyard runs list` shows all \(names.count)"
    return RunProblem(
      "no run is named '\(name)' in '\(store.path)'",
      help: NearestName.of(name, among: names).map { "did you mean '\($0)'? \(all)" }
        ?? (names.isEmpty ? "nothing was run yet" : all))
  }
}

extension FitRecord {
  /// What stands behind the trial in its id.
  var shortID: String {
    (`repeat` > 0 ? "\(`repeat`).\(fold)" : "\(fold)") + (rung > 0 ? "@\(rung)" : "")
  }
}

/// A wish that the store cannot fulfil.
struct RunProblem: Error, FailureWords {
  var message: String
  var help: String?

  init(_ message: String, help: String? = nil) {
    self.message = message
    self.help = help
  }

  var failureWords: (message: String, help: String?) { (message, help) }
}
