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
  public var batchSize = 1024
  public var threads = 1

  /// - Parameters:
  ///   - path: A run's folder, or the `model/` in it.
  ///   - pluginFolders: Searched before all others.
  ///   - baseFolder: What paths in the specifications below are relative to.
  public init(_ path: String, pluginFolders: [String] = [], baseFolder: String = ".") throws {
    try PluginFolders.check(pluginFolders)
    folder = try ModelFolder(path)
    self.baseFolder = PathName.absolute(baseFolder)
    search = .standard(
      explicit: pluginFolders.map(PathName.absolute), project: PathName.join(self.baseFolder, "plugins"))
  }

  /// The loss, and the values of monitors, on data with a target. Specifications are `id:key=value,…`.
  public func evaluate(data: String, monitors: [String]) throws -> [(name: String, value: Double)] {
    var planner = SpecPlanner(search: search, baseFolder: baseFolder)
    let data = planner.instance(.dataset, data, from: "--data")
    let monitors = monitors.compactMap { planner.instance(.monitor, $0, from: "--monitor") }
    let model = planner.model(folder)
    guard let data, let model, planner.problems.isEmpty else { throw ConfigProblems(planner.problems) }
    return try RunThread.perform {
      try Predictor(folder, model: model, threads: threads)
        .evaluate(data, monitors: monitors, batchSize: batchSize)
    }
  }

  /// Predictions as lines of CSV, the header first, handed over batch by batch.
  public func predict(data: String, _ write: (String) throws -> Void) throws {
    var planner = SpecPlanner(search: search, baseFolder: baseFolder)
    let data = planner.instance(.dataset, data, from: "--data", forPrediction: true)
    let model = planner.model(folder)
    guard let data, let model, planner.problems.isEmpty else { throw ConfigProblems(planner.problems) }
    let file = PredictionFile(task: folder.task)
    try RunThread.perform {
      let predictor = try Predictor(folder, model: model, threads: threads)
      var first = 0
      try predictor.predict(data, batchSize: batchSize) { prediction in
        // With the first rows: data that cannot be used gives no output at all.
        try write((first == 0 ? file.header : "") + file.rows(prediction, first: first))
        first += prediction.rows
      }
    }
  }
}

/// Finds the plugins that specifications on a command line name.
private struct SpecPlanner {
  let search: PluginSearch
  let baseFolder: String
  var problems: [ConfigProblem] = []

  /// - Parameter forPrediction: A dataset that can do without its target is told so.
  mutating func instance(
    _ kind: PluginKind, _ text: String, from source: String, forPrediction: Bool = false
  ) -> PlannedInstance? {
    do {
      let spec = try ConfigNode.parseInline(text, from: source)
      let component = try search.find(spec.plugin, kind: kind, relativeTo: baseFolder)
      var options = spec.options
      if forPrediction, component.option("target_optional") != nil, options["target_optional"] == nil {
        options = options.setting("target_optional", to: true)
      }
      return values(component, options, place: source)
    } catch let error as LoadError {
      problems.append(ConfigProblem(.wrongValue, error.message, in: source, help: error.remedy))
    } catch let error as ConfigProblems {
      problems += error.problems
    } catch {
      problems.append(ConfigProblem(.wrongValue, "\(error)", in: source))
    }
    return nil
  }

  /// The model that the folder was written by, with its options.
  mutating func model(_ folder: ModelFolder) -> PlannedInstance? {
    do {
      let component = try search.find(folder.modelID, kind: .model)
      return values(component, folder.options, place: "model.json")
    } catch {
      let help = "\(error.remedy); a folder with its library can be named with --plugins"
      problems.append(ConfigProblem(.wrongValue, error.message, in: "model.json", help: help))
      return nil
    }
  }

  private mutating func values(
    _ component: ComponentDescription, _ options: ConfigNode, place: String
  ) -> PlannedInstance {
    let (values, found) = OptionParser.values(
      for: ComponentSpec(component).options, from: options, baseFolder: baseFolder,
      owner: "\(component.kind.name) '\(component.id)'", place: place)
    problems += found
    return PlannedInstance(
      component: component, options: values.mapValues { PluginHost.OptionValue($0) })
  }
}
