import ArgumentParser
import Trainyard

/// `trainyard runs show`: all that the store has of a run, a study, a trial or a fold.
struct RunsShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a run, a study, a trial or a fold.")

  @OptionGroup var flags: StoreFlags
  @Argument(help: "Its id: name, study/3, study/3/2.") var id: String
  @Flag(help: "Prints the config, JSON, and nothing else.") var config = false
  @Flag(help: "The metrics of each epoch, of a run, a fold or a trial of one fit.") var epochs = false

  func run() throws {
    let found = try RunFinder(try flags.open()).find(id)
    if config { return try StandardOutput.write(configText(found)) }
    try StandardOutput.write(try RunDetails(found, showsEpochs: epochs).text(width: Terminal.outputWidth))
  }

  private func configText(_ found: FoundRun) -> String {
    let text =
      switch found {
      case .study(let study): study.record.config
      case .trial(let study, let trial), .fit(let study, let trial, _):
        trial.parameters ?? study.record.config
      }
    return (try? JSONValue(parsing: text, from: "store")).map(JSONWriter.pretty) ?? text + "\n"
  }
}

/// What the store has of one thing, in lines and tables.
struct RunDetails {
  private let found: FoundRun
  private let showsEpochs: Bool

  init(_ found: FoundRun, showsEpochs: Bool) {
    self.found = found
    self.showsEpochs = showsEpochs
  }

  func text(width: Int?) throws -> String {
    switch found {
    case .study(let study):
      let trials = try study.trials()
      if study.record.kind == .run, let trial = trials.first, let fit = try study.fits(of: trial).first {
        return try self.text(study, study.name, trial, fit, width)
      }
      if showsEpochs {
        throw RunProblem(
          "'\(study.name)' is a \(study.record.kind.words), and --epochs shows the epochs of one fit",
          help: trials.first.map { "name one, as \(study.name)/\($0.number)" })
      }
      return try self.text(study, trials, width)
    case .trial(let study, let trial):
      let fits = try study.fits(of: trial)
      var lines = facts(study, "\(study.name)/\(trial.number)", trial)
      for pair in FlatJSON.pairs(trial.parameters) { lines.append((pair.path, pair.text)) }
      var text = rows(lines) + (fits.isEmpty ? "" : "\n" + fitTable(study, trial, fits).text(width: width))
      if showsEpochs {
        guard fits.count == 1, let fit = fits.first else {
          let one = fits.first.map { "\(study.name)/\(trial.number)/\($0.shortID)" }
          throw RunProblem(
            "'\(study.name)/\(trial.number)' has \(fits.count) fits, and --epochs shows those of one",
            help: one.map { "name one, as \($0)" })
        }
        text += "\n" + (try epochTable(study, fit)).text(width: width)
      }
      return text
    case .fit(let study, let trial, let fit):
      return try self.text(study, "\(study.name)/\(trial.number)/\(fit.shortID)", trial, fit, width)
    }
  }

  private func text(_ study: Study, _ trials: [TrialRecord], _ width: Int?) throws -> String {
    let overview = try StudyOverview(study)
    var lines: [(String, String)] = [
      ("id", study.name), ("kind", study.record.kind.words), ("state", overview.state),
      ("objective", RunTexts.objective(study.record)),
    ]
    if let best = try study.best() {
      lines.append(("best", "\(RunTexts.value(best.value)), trial \(best.number)"))
    }
    lines += [
      ("started", RunTexts.time(overview.started)), ("time", RunTexts.seconds(overview.seconds)),
      ("config", study.record.configDigest),
    ]
    if trials.contains(where: \.isLost) { lines.append(("help", Self.lostStudy)) }
    return rows(lines)
      + (trials.isEmpty ? "" : "\n" + (try TrialTable.make(study, trials)).text(width: width))
  }

  private func text(
    _ study: Study, _ id: String, _ trial: TrialRecord, _ fit: FitRecord, _ width: Int?
  ) throws -> String {
    var lines = facts(study, id, trial)
    if !fit.reason.isEmpty {
      let who = fit.stoppedBy.map { "stopped by '\($0)': " } ?? ""
      lines.append(("ended", who + fit.reason))
    }
    lines += [("epochs", "\(fit.epochs), \(fit.steps) steps")]
    if let folder = fit.folder { lines.append(("folder", folder)) }
    if trial.isLost, study.record.kind == .run { lines.append(("help", lostRun(fit))) }
    let directions = try study.directions()
    var table = TextTable([("metric", .left), ("last", .right), ("best", .right), ("in epoch", .right)])
    for figure in try MetricFigures(study, fit, directions).figures {
      table.add([
        figure.name, RunTexts.value(figure.last), RunTexts.value(figure.best?.value),
        figure.best.map { "\($0.epoch + 1)" } ?? "",
      ])
    }
    var text = rows(lines)
    if !table.rows.isEmpty { text += "\n" + table.text(width: width) }
    if showsEpochs { text += "\n" + (try epochTable(study, fit)).text(width: width) }
    return text
  }

  private func facts(_ study: Study, _ id: String, _ trial: TrialRecord) -> [(String, String)] {
    var lines = [("id", id), ("kind", study.record.kind.words), ("state", trial.stateText)]
    if let objective = study.record.objective {
      lines.append(("value", "\(RunTexts.value(trial.value)) \(objective)"))
    }
    if let error = trial.error { lines.append(("error", error)) }
    if let seed = trial.seed { lines.append(("seed", "\(seed)")) }
    lines.append(("started", RunTexts.time(trial.started)))
    if let seconds = trial.seconds { lines.append(("time", RunTexts.seconds(seconds))) }
    if trial.state == .running, let owner = trial.owner { lines.append(("process", "\(owner.pid)")) }
    return lines
  }

  private static let lostStudy =
    "a process ended without a word; the same command again goes on where it was, and trains the lost trials anew"

  private func lostRun(_ fit: FitRecord) -> String {
    "its process ended without a word; metrics.csv and the last checkpoint"
      + (fit.folder.map { " in \($0)" } ?? "") + " have what it had written; train it anew, or resume it"
  }

  private func fitTable(_ study: Study, _ trial: TrialRecord, _ fits: [FitRecord]) -> TextTable {
    var table = TextTable([
      ("id", .left), ("outcome", .left), (study.record.objective ?? "value", .right), ("epochs", .right),
      ("time", .right), ("stopped by", .left), ("error", .left),
    ])
    for fit in fits {
      table.add([
        "\(study.name)/\(trial.number)/\(fit.shortID)", fit.outcome, RunTexts.value(fit.value),
        "\(fit.epochs)",
        RunTexts.seconds(fit.seconds), fit.stoppedBy ?? "", fit.error ?? "",
      ])
    }
    table.dropEmptyColumns()
    return table
  }

  private func epochTable(_ study: Study, _ fit: FitRecord) throws -> TextTable {
    let metrics = try study.metrics(of: fit)
    let names = try MetricFigures(study, fit, [:]).figures.map(\.name)
    var table = TextTable([("epoch", .right)] + names.map { ($0, .right) })
    let epochs = Dictionary(grouping: metrics, by: \.epoch)
    for (epoch, values) in epochs.sorted(by: { $0.key < $1.key }) {
      let byName = Dictionary(values.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
      table.add(["\(epoch + 1)"] + names.map { RunTexts.value(byName[$0]) })
    }
    return table
  }

  private func rows(_ lines: [(String, String)]) -> String {
    let shown = lines.filter { !$0.1.isEmpty }
    let width = shown.map(\.0.count).max() ?? 0
    return shown.map { name, value in
      name + String(repeating: " ", count: width - name.count + 2) + value.replacing("\n", with: " ") + "\n"
    }.joined()
  }
}
