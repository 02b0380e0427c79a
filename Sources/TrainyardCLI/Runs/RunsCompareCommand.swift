import ArgumentParser
import Trainyard

/// `trainyard runs compare`: what differs between runs, and what came of it.
struct RunsCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Shows what differs between runs or trials, and what came of it.")

  @OptionGroup var flags: StoreFlags
  @Argument(help: "Two ids or more: name, study/3.") var ids: [String]

  func validate() throws {
    if ids.count < 2 { throw ValidationError("there is nothing to compare: give two ids or more") }
  }

  func run() throws {
    let finder = RunFinder(try flags.open())
    let candidates = try ids.map { try Candidate(try finder.find($0), $0) }
    var table = TextTable([("", .left)] + candidates.map { ($0.id, .right) })

    func add(_ name: String, onlyWhereDifferent: Bool, _ value: (Candidate) -> String) {
      let values = candidates.map(value)
      if onlyWhereDifferent, Set(values).count == 1 { return }
      if values.allSatisfy(\.isEmpty) { return }
      table.add([name] + values)
    }
    add("state", onlyWhereDifferent: false) { $0.state }
    let paths = Self.union(candidates.map { $0.config.map(\.path) })
    for path in paths where path != "output.name" && !isDetail(path, paths, candidates) {
      add(path, onlyWhereDifferent: true) { $0[path] ?? "-" }
    }
    for metric in Self.union(candidates.map { $0.metrics.map(\.name) }) {
      add(metric, onlyWhereDifferent: false) { candidate in
        RunTexts.value(candidate.metrics.first { $0.name == metric }?.value)
      }
    }
    add("epochs", onlyWhereDifferent: false) { $0.epochs }
    add("time", onlyWhereDifferent: false) { $0.time }
    try StandardOutput.write(table.text(width: Terminal.outputWidth))
  }

  /// An option of a plugin that some do not have at all, which says enough; a list that is empty in one and told element
  /// by element of the others.
  private func isDetail(_ path: String, _ paths: [String], _ candidates: [Candidate]) -> Bool {
    if paths.contains(where: { $0.hasPrefix(path + ".") }) { return true }
    guard let dot = path.lastIndex(of: ".") else { return false }
    let plugin = path[..<dot] + ".plugin"
    return path != plugin && paths.contains(String(plugin))
      && candidates.contains { $0[String(plugin)] == nil }
  }

  /// All names in the order in which they first come.
  private static func union(_ lists: [[String]]) -> [String] {
    var known: Set<String> = []
    return lists.joined().filter { known.insert($0).inserted }
  }

  /// One of those that are compared.
  private struct Candidate {
    var id: String
    var state: String
    /// What it was run with: the config, with the trial's parameters over it.
    var config: [(path: String, text: String)]
    /// The best of each by its direction, the mean over the fits of a trial.
    var metrics: [(name: String, value: Double)] = []
    var epochs = ""
    var time = ""

    subscript(path: String) -> String? { config.first { $0.path == path }?.text }

    init(_ found: FoundRun, _ id: String) throws {
      let study: Study
      let trial: TrialRecord?
      var fits: [FitRecord] = []
      switch found {
      case .study(let found):
        study = found
        // Of a study, its best.
        trial = try found.best() ?? found.trials().first
        if let trial { fits = try found.fits(of: trial) }
      case .trial(let found, let one): (study, trial, fits) = (found, one, try found.fits(of: one))
      case .fit(let found, let one, let fit): (study, trial, fits) = (found, one, [fit])
      }
      switch found {
      case .study where study.record.kind == .run || trial == nil: self.id = study.name
      case .study: self.id = "\(study.name)/\(trial?.number ?? 0)"
      default: self.id = id
      }
      state = trial?.stateText ?? "waiting"
      config = FlatJSON.pairs(study.record.config)
      for pair in FlatJSON.pairs(trial?.parameters) {
        config.removeAll { $0.path == pair.path }
        config.append(pair)
      }
      let directions = try study.directions()
      let figures = try fits.map { try MetricFigures(study, $0, directions) }
      for name in RunsCompareCommand.union(figures.map { $0.figures.map(\.name) }) {
        let values = figures.compactMap { $0[name] }
        metrics.append((name, values.reduce(0, +) / Double(values.count)))
      }
      guard !fits.isEmpty else { return }
      epochs =
        fits.count == 1
        ? "\(fits[0].epochs)" : RunTexts.value(Double(fits.map(\.epochs).reduce(0, +)) / Double(fits.count))
      time = RunTexts.seconds(fits.map(\.seconds).reduce(0, +))
    }
  }
}
