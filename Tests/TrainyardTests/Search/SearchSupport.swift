import Support
import Testing

@testable import Trainyard

/// A small search with the built-in plugins, in a folder that goes away with it.
struct MoonsSearch {
  let folder: TemporaryFolder
  var parameters = "{model.learning_rate: {log_uniform: [0.001, 0.1]}, model.hidden: [[4], [8], [8, 4]]}"
  var settings = "strategy: tpe, trials: 12, lag: 3, tpe: {startup_trials: 4}"
  var epochs = 4
  var rows = 120
  var callbacks = "[]"
  var extra = ""

  init() throws { folder = try TemporaryFolder() }

  var text: String {
    get throws {
      """
      data:
        train: {dataset: synthetic, shape: moons, rows: \(rows), noise: 0.2}
        validation: {fraction: 0.25}
      model: {plugin: mlp, hidden: [8]}
      train: {epochs: \(epochs), batch_size: 25, seed: 3}
      monitors: [accuracy]
      callbacks: \(callbacks)
      output: {folder: "\(folder("runs"))"}
      plugins: {path: ["\(try builtFolder())"]}
      search: {name: moons, \(settings), parameters: \(parameters)}
      \(extra)
      """
    }
  }

  func search(workers: Int? = nil) throws -> Search {
    var search = try Search(
      Pipeline(ConfigReader.read(text: try text, file: "moons.yaml"), baseFolder: folder.path))
    search.workers = workers
    return search
  }

  /// All that the store has of it, but times and processes.
  var dump: String {
    get throws { try RunStore(path: folder("runs/trainyard.db"), .readOnly).canonicalDump() }
  }
}

extension SearchReport {
  /// All that is to be the same when the same search is done again.
  var facts: [String] {
    trials.map { trial in
      "\(trial.number) \(trial.state) \(trial.parameterText) \(trial.value.map { "\($0.bitPattern)" } ?? "-")"
        + " \(trial.error ?? "") \(trial.fits.map { "\($0.epochs) \($0.outcome) \($0.reason)" })"
    }
  }
}
