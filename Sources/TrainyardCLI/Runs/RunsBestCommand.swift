import ArgumentParser
import Trainyard

/// `trainyard runs best`: the best first.
struct RunsBestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "best", abstract: "Lists the best runs or trials by a metric, the best first.",
    discussion: """
      Of a run it is the best value of any epoch; of a trial with several folds the mean of theirs. What failed, \
      or has no number for the metric, is not listed.
      """)

  @OptionGroup var flags: StoreFlags
  @Option(help: ArgumentHelp("The metric; the studies' objective otherwise.", valueName: "name"))
  var metric: String?
  @Option(help: ArgumentHelp("Only the trials of this study.", valueName: "name")) var study: String?
  @Option(help: ArgumentHelp("So many.", valueName: "count")) var limit = 10
  @Option(help: "Which way the metric improves, where the store does not know it.") var direction:
    StudyDirection?

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be at least 1, not \(limit)") }
  }

  private struct Candidate {
    var id: String
    var value: Double
    var trial: TrialRecord
    var kind: StudyKind
  }

  func run() throws {
    let store = try flags.open()
    let studies = try study.map { [try RunFinder(store).study($0)] } ?? store.studies()
    let metric = try self.metric ?? objective(of: studies)
    var known: StudyDirection?
    var candidates: [Candidate] = []
    for study in studies {
      let directions = try study.directions()
      let direction = metric == study.record.objective ? study.record.direction : directions[metric]
      if let direction, self.direction == nil {
        if let known, known != direction {
          throw RunProblem(
            "the runs do not agree on which way '\(metric)' improves",
            help: "say it with --direction min or max")
        }
        known = direction
      }
      for trial in try study.trials() where ![.failed, .running, .waiting].contains(trial.state) {
        guard let value = try study.figure(metric, of: trial, directions), !value.isNaN else { continue }
        let id = study.record.kind == .run ? study.name : "\(study.name)/\(trial.number)"
        candidates.append(Candidate(id: id, value: value, trial: trial, kind: study.record.kind))
      }
    }
    if candidates.isEmpty { throw try nothing(metric, studies) }
    guard let direction = self.direction ?? known else {
      throw RunProblem(
        "the store does not know which way '\(metric)' improves", help: "say it with --direction min or max")
    }
    // Of equals the first comes first.
    let order = candidates.indices.sorted { left, right in
      let (one, other) = (candidates[left].value, candidates[right].value)
      return one == other ? left < right : direction == .max ? one > other : one < other
    }
    var table = TextTable([
      ("id", .left), (metric, .right), ("state", .left), ("started", .left), ("parameters", .left),
    ])
    for index in order.prefix(limit) {
      let one = candidates[index]
      table.add([
        one.id, RunTexts.value(one.value), one.trial.stateText, RunTexts.time(one.trial.started),
        FlatJSON.pairs(one.trial.parameters).map { "\($0.path)=\($0.text)" }.joined(separator: " "),
      ])
    }
    table.dropEmptyColumns()
    try StandardOutput.write(table.text(width: Terminal.outputWidth))
  }

  private func objective(of studies: [Study]) throws -> String {
    let names = Set(studies.compactMap(\.record.objective)).sorted()
    guard let name = names.first else {
      throw RunProblem(
        "there is nothing to be best at", help: "nothing was run yet, or it has no objective: give --metric")
    }
    guard names.count == 1 else {
      throw RunProblem(
        "the studies have different objectives: \(names.joined(separator: ", "))",
        help: "choose a metric with --metric, or a study with --study")
    }
    return name
  }

  private func nothing(_ metric: String, _ studies: [Study]) throws -> RunProblem {
    var names: Set<String> = []
    for study in studies { names.formUnion(try study.metricNames()) }
    let all = names.sorted()
    let list = all.isEmpty ? "no run has recorded any" : "there are: " + all.joined(separator: ", ")
    return RunProblem(
      names.contains(metric)
        ? "no run that has ended has a number for '\(metric)'" : "no run has a metric '\(metric)'",
      help: NearestName.of(metric, among: all).map { "did you mean '\($0)'? \(list)" } ?? list)
  }
}

extension StudyDirection: ExpressibleByArgument {}
