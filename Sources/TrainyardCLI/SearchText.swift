import Trainyard

/// What a person reads when a search has ended: the best trials with their parameters, and how to run the best one.
struct SearchText {
  private static let mostRows = 10
  private let report: SearchReport
  private let space: SearchSpace

  init(_ report: SearchReport, _ space: SearchSpace) {
    self.report = report
    self.space = space
  }

  /// - Parameter width: Of the terminal; `nil`: lines are as long as they are.
  func text(width: Int?) -> String {
    let ranking = report.ranking
    var text = "\n"
    if !ranking.isEmpty { text += table(Array(ranking.prefix(Self.mostRows))).text(width: width) }
    if ranking.count > Self.mostRows { text += "… \(ranking.count - Self.mostRows) more in trials.csv\n" }
    text += "\n\(counts)\n"
    text += row("search", report.name)
    if let folder = report.folder { text += row("folder", folder) }
    if let best = report.best, let value = best.value {
      text += row("best", "trial \(best.number), \(report.objective.metric) \(ShortNumber.text(value))")
    }
    if let config = report.bestConfig { text += row("run it", "trainyard run \(PathText.shown(config))") }
    return text
  }

  private func table(_ trials: [SearchTrial]) -> TextTable {
    let paths = space.parameters.map(\.path)
    var table = TextTable(
      [("trial", .right), (report.objective.metric, .right), ("epochs", .right)]
        + Self.shortened(paths).map { ($0, .left) })
    for trial in trials {
      let values = paths.map { path in
        trial.parameters.first { $0.path == path }.map { Self.text($0.value) } ?? ""
      }
      table.add(["\(trial.number)", trial.value.map(ShortNumber.text) ?? "", "\(trial.epochs)"] + values)
    }
    return table
  }

  private static func text(_ value: ConfigNode) -> String {
    if case .float(let number) = value.value { return ShortNumber.text(number) }
    return value.string ?? value.description
  }

  /// The option's key, where no other parameter has the same.
  private static func shortened(_ paths: [String]) -> [String] {
    func key(_ path: String) -> String { path.split(separator: ".").last.map(String.init) ?? path }
    return paths.map { path in paths.count { key($0) == key(path) } == 1 ? key(path) : path }
  }

  private var counts: String {
    let words = [(TrialState.finished, "finished"), (.pruned, "pruned"), (.failed, "failed")].compactMap {
      state, word in report.count(state) > 0 ? "\(report.count(state)) \(word)" : nil
    }
    let end =
      switch report.ending {
      case .finished: ""
      case .timeLimit: "; the time limit ended the search"
      case .interrupted: "; interrupted: the same command goes on"
      }
    let total = report.trials.count { $0.state.isFinal }
    if total == 0 { return "no trial has ended\(end)" }
    return "\(total == 1 ? "1 trial" : "\(total) trials"): \(words.joined(separator: ", "))\(end)"
  }

  private func row(_ name: String, _ value: String) -> String {
    name + String(repeating: " ", count: max(1, 10 - name.count)) + value + "\n"
  }
}

/// What a search would do, for `--dry-run`.
struct SearchSpaceText {
  private let search: Search

  init(_ search: Search) { self.search = search }

  var text: String {
    let config = search.config
    let direction = config.direction.map { ", \($0.name)" } ?? ""
    var lines = [
      "search \(search.name): \(config.strategy.name), \(search.trials == 1 ? "1 trial" : "\(search.trials) trials")",
      "objective \(config.metric)\(direction), at the \(config.moment.rawValue) epoch",
    ]
    if config.strategy == .grid, let count = search.space.gridCount {
      lines.append(count == 1 ? "grid of 1 point" : "grid of \(count) points")
    }
    if let rungs = search.rungs {
      let listed = rungs.isEmpty ? "none" : rungs.map(String.init).joined(separator: ", ")
      lines.append("halving at \(search.plan.crossValidation == nil ? "epochs" : "folds") \(listed)")
    }
    let width = search.space.parameters.map(\.path.count).max() ?? 0
    for parameter in search.space.parameters {
      let blanks = String(repeating: " ", count: width - parameter.path.count)
      lines.append("  \(parameter.path)\(blanks)  \(parameter.summary)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
