import PluginHost

/// Finds the plugins that specifications on a command line name.
struct SpecPlanner {
  let search: PluginSearch
  let baseFolder: String
  var problems: [ConfigProblem] = []
  private var isolation: IsolationPlanner

  /// - Parameter isolatesAll: Every plugin is isolated that does not say `isolate=false`.
  init(search: PluginSearch, baseFolder: String, isolatesAll: Bool = false) {
    self.search = search
    self.baseFolder = baseFolder
    isolation = IsolationPlanner(isolatesAll: isolatesAll)
  }

  /// - Parameter forPrediction: A dataset that can do without its target is told so.
  mutating func instance(
    _ kind: PluginKind, _ text: String, from source: String, forPrediction: Bool = false
  ) -> PlannedInstance? {
    do {
      let spec = try ConfigNode.parseInline(text, from: source)
      let (isolation, options) = isolation(kind, spec.options, at: spec.position, from: source)
      return try instance(
        kind, spec.plugin, options, isolation, relativeTo: baseFolder, from: source,
        forPrediction: forPrediction)
    } catch let error as LoadError {
      problems.append(ConfigProblem(.wrongValue, error.message, in: source, help: error.remedy))
    } catch let error as ConfigProblems {
      problems += error.problems
    } catch {
      problems.append(ConfigProblem(.wrongValue, "\(error)", in: source))
    }
    return nil
  }

  /// A plugin by its id or path, with options that stand apart.
  mutating func instance(
    _ kind: PluginKind, _ reference: String, options: ConfigNode, from source: String
  ) -> PlannedInstance? {
    do {
      return try instance(kind, reference, options, nil, relativeTo: baseFolder, from: source)
    } catch {
      problems.append(ConfigProblem(.wrongValue, error.message, in: source, help: error.remedy))
      return nil
    }
  }

  /// The model that the folder was written by, with its options, kept apart as in its run.
  mutating func model(_ folder: ModelFolder) -> PlannedInstance? {
    let place = "model.json"
    do {
      let (isolation, _) = isolation(
        .model, folder.runOfModel, at: SourcePosition(file: "config.json", column: 1), from: "config.json")
      return try instance(.model, folder.modelID, folder.options, isolation, relativeTo: nil, from: place)
    } catch {
      let help = "\(error.remedy); a folder with its library can be named with --plugins"
      problems.append(ConfigProblem(.wrongValue, error.message, in: place, help: help))
      return nil
    }
  }

  /// How the plugin is kept apart, and its options without what says so.
  private mutating func isolation(
    _ kind: PluginKind, _ options: ConfigNode, at position: SourcePosition, from source: String
  ) -> (IsolationSettings?, ConfigNode) {
    var reader = PipelineReader(baseFolder: baseFolder)
    let (given, rest) = reader.isolation(in: options, place: source)
    let settings = isolation.settings(
      given, ComponentSpec.Kind(kind), IsolationPlanner.Spot(position, source), otherwise: .fail)
    problems += reader.problems + isolation.takeProblems()
    return (settings, rest)
  }

  private mutating func instance(
    _ kind: PluginKind, _ reference: String, _ options: ConfigNode, _ isolation: IsolationSettings?,
    relativeTo base: String?, from source: String, forPrediction: Bool = false
  ) throws(LoadError) -> PlannedInstance {
    let component = try (isolation == nil ? search : search.inHelper)
      .find(reference, kind: kind, relativeTo: base)
    var options = options
    if forPrediction, component.option("target_optional") != nil, options["target_optional"] == nil {
      options = options.setting("target_optional", to: true)
    }
    let (values, found) = OptionParser.values(
      for: ComponentSpec(component).options, from: options, baseFolder: baseFolder,
      owner: "\(component.kind.name) '\(component.id)'", place: source)
    problems += found
    return PlannedInstance(
      component: component, options: values.mapValues { PluginHost.OptionValue($0) }, isolation: isolation)
  }
}
