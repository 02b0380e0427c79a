import PluginHost

/// A trained model in a run's folder, for evaluating and predicting.
///
/// ```swift
/// let model = try TrainedModel("runs/20260101-120000")
/// let metrics = try model.evaluate(data: "idx:images=t10k-images.gz,labels=t10k-labels.gz", monitors: ["accuracy"])
/// ```
public struct TrainedModel {
  public let folder: ModelFolder
  private let search: PluginSearch
  private let baseFolder: String
  /// Whether every plugin is kept apart that does not say `isolate=false`.
  private let isolatesAll: Bool
  public var batchSize = 1024
  public var threads = 1
  /// Where lines of plugins go.
  public var console: any Console = SilentConsole()

  /// - Parameters:
  ///   - path: A run's folder, or the `model/` in it.
  ///   - pluginFolders: Searched before all others.
  ///   - baseFolder: What paths in the specifications below are relative to. A lock file in it is obeyed, else the
  ///     one of the run.
  ///   - isolatesAll: Keeps every plugin apart that does not say `isolate=false`; so does a run with `isolation: all`.
  ///   - isLocked: Throws where there is no lock file.
  public init(
    _ path: String, pluginFolders: [String] = [], baseFolder: String = ".", isolatesAll: Bool = false,
    isLocked: Bool = false
  ) throws {
    try PluginFolders.check(pluginFolders)
    folder = try ModelFolder(path)
    self.baseFolder = PathName.absolute(baseFolder)
    self.isolatesAll = isolatesAll || folder.runIsolatesAll
    var search = PluginSearch.standard(
      explicit: pluginFolders.map(PathName.absolute), project: PathName.join(self.baseFolder, "plugins"))
    search.pins = try LockFile.pins(
      at: self.baseFolder, ofRun: folder.runFolder, isRequired: isLocked)
    self.search = search
  }

  /// The loss, and the values of monitors, on data with a target. Specifications are `id:key=value,…`.
  public func evaluate(data: String, monitors: [String]) throws -> [(name: String, value: Double)] {
    var planner = SpecPlanner(search: search, baseFolder: baseFolder, isolatesAll: isolatesAll)
    let data = planner.instance(.dataset, data, from: "--data")
    let monitors = monitors.compactMap { planner.instance(.monitor, $0, from: "--monitor") }
    let model = planner.model(folder)
    guard let data, let model, planner.problems.isEmpty else { throw ConfigProblems(planner.problems) }
    return try RunThread.perform {
      try Predictor(folder, model: model, threads: threads, console: console)
        .evaluate(data, monitors: monitors, batchSize: batchSize)
    }
  }

  /// Predictions as lines of CSV, the header first, handed over batch by batch.
  public func predict(data: String, _ write: (String) throws -> Void) throws {
    var planner = SpecPlanner(search: search, baseFolder: baseFolder, isolatesAll: isolatesAll)
    let data = planner.instance(.dataset, data, from: "--data", forPrediction: true)
    let model = planner.model(folder)
    guard let data, let model, planner.problems.isEmpty else { throw ConfigProblems(planner.problems) }
    let file = PredictionFile(task: folder.task)
    try RunThread.perform {
      let predictor = try Predictor(folder, model: model, threads: threads, console: console)
      var first = 0
      try predictor.predict(data, batchSize: batchSize) { prediction in
        // With the first rows: data that cannot be used gives no output at all.
        try write((first == 0 ? file.header : "") + file.rows(prediction, first: first))
        first += prediction.rows
      }
    }
  }
}
