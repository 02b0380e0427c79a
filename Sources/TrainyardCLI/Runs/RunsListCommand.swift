import ArgumentParser
import Trainyard

/// `trainyard runs list`: a line for each run and study, or for each trial of a study.
struct RunsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists runs and studies, the newest last; with --study, its trials.")

  @OptionGroup var flags: StoreFlags
  @Option(help: ArgumentHelp("The trials of this study.", valueName: "name")) var study: String?
  @Option(help: "Only those in this state.") var state: StateFilter?
  @Option(help: ArgumentHelp("The last so many.", valueName: "count")) var last: Int?

  func validate() throws {
    if let last, last < 1 { throw ValidationError("--last must be at least 1, not \(last)") }
  }

  func run() throws {
    let store = try flags.open()
    if let study {
      let study = try RunFinder(store).study(study)
      return try show(TrialTable.make(study, selected(try study.trials()) { $0.stateText }), of: "trial")
    }
    let all = try store.studies().map { try StudyOverview($0) }
    try show(Self.table(selected(all) { $0.state }), of: "run")
  }

  private func selected<Item>(_ items: [Item], _ stateOf: (Item) -> String) -> [Item] {
    let kept = items.filter { item in state.map { $0.rawValue == stateOf(item) } ?? true }
    return Array(kept.suffix(last ?? kept.count))
  }

  private func show(_ table: TextTable, of what: String) throws {
    if table.rows.isEmpty {
      let which = state.map { " that is \($0.rawValue)" } ?? ""
      return try StandardOutput.write("no \(what)\(which)\n")
    }
    try StandardOutput.write(table.text(width: Terminal.outputWidth))
  }

  private static func table(_ overviews: [StudyOverview]) -> TextTable {
    var table = TextTable([
      ("id", .left), ("kind", .left), ("state", .left), ("trials", .right), ("best", .right),
      ("objective", .left), ("epochs", .right), ("started", .left), ("time", .right),
    ])
    for one in overviews {
      table.add([
        one.study.name, one.study.record.kind.words, one.state, one.isRun ? "" : "\(one.trials.count)",
        RunTexts.value(one.best), one.study.record.objective ?? "", one.isRun ? "\(one.epochs)" : "",
        RunTexts.time(one.started), RunTexts.seconds(one.seconds),
      ])
    }
    table.dropEmptyColumns()
    table.dispensable = ["started", "objective", "kind"]
    return table
  }
}

/// States that can be asked for; lost is what the store does not say.
enum StateFilter: String, ExpressibleByArgument, CaseIterable {
  case waiting, running, finished, pruned, failed, interrupted, lost
}

extension StudyKind {
  var words: String { rawValue.replacing("_", with: " ") }
}

/// A study in a line.
struct StudyOverview {
  let study: Study
  let trials: [TrialRecord]
  /// Of a plain run.
  let fit: FitRecord?

  init(_ study: Study) throws {
    self.study = study
    trials = try study.trials()
    fit = try study.record.kind == .run ? trials.first.flatMap { try study.fits(of: $0).first } : nil
  }

  var isRun: Bool { study.record.kind == .run }
  var epochs: Int { fit?.epochs ?? 0 }

  /// What is still going on, else what is left to do, else how it ended.
  var state: String {
    let states = Set(trials.map(\.stateText))
    if states.count == 1, let only = states.first { return only }
    for state in ["running", "lost", "interrupted", "waiting", "finished"] where states.contains(state) {
      return state
    }
    return states.isEmpty ? "waiting" : "failed"
  }

  var best: Double? {
    let values = trials.filter { $0.state == .finished || isRun }.compactMap(\.value).filter { !$0.isNaN }
    return study.record.direction == .max ? values.max() : values.min()
  }

  var started: Int64 { trials.compactMap(\.started).min() ?? study.record.created }

  /// That a run took, also where the machine's clock was set meanwhile; of many, from the first trial's beginning to
  /// the last one's end.
  var seconds: Double? {
    guard let ended = trials.compactMap(\.ended).max(), !trials.contains(where: { $0.state == .running })
    else {
      return nil
    }
    if let fit { return fit.seconds }
    return ended >= started ? Double(ended - started) / 1000 : nil
  }
}

/// Trials with what they tried.
enum TrialTable {
  static func make(_ study: Study, _ trials: [TrialRecord]) throws -> TextTable {
    let parameters = trials.map { Dictionary(FlatJSON.pairs($0.parameters), uniquingKeysWith: { $1 }) }
    var names: [String] = []
    for trial in trials {
      for pair in FlatJSON.pairs(trial.parameters) where !names.contains(pair.path) {
        names.append(pair.path)
      }
    }
    var columns: [(title: String, alignment: TextTable.Alignment)] = [
      ("id", .left), ("state", .left), (study.record.objective ?? "value", .right),
    ]
    columns += names.map { name in
      let texts = parameters.compactMap { $0[name] }
      return (Self.shortened(name, names), texts.allSatisfy { Double($0) != nil } ? .right : .left)
    }
    columns += [("time", .right), ("error", .left)]
    var table = TextTable(columns)
    for (trial, values) in zip(trials, parameters) {
      table.add(
        ["\(study.name)/\(trial.number)", trial.stateText, RunTexts.value(trial.value)]
          + names.map { values[$0] ?? "" } + [RunTexts.seconds(trial.seconds), trial.error ?? ""])
    }
    table.dropEmptyColumns()
    return table
  }

  /// The last key of a path, where no other has the same.
  private static func shortened(_ name: String, _ all: [String]) -> String {
    func last(_ name: String) -> Substring { name.split(separator: ".").last ?? "" }
    return all.filter { last($0) == last(name) }.count == 1 ? String(last(name)) : name
  }
}
