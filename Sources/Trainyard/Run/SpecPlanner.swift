import PluginHost

/// Finds the plugins that specifications on a command line name.
struct SpecPlanner {
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

  /// A plugin by its id or path, with options that stand apart.
  mutating func instance(
    _ kind: PluginKind, _ reference: String, options: ConfigNode, from source: String
  ) -> PlannedInstance? {
    do {
      let component = try search.find(reference, kind: kind, relativeTo: baseFolder)
      return values(component, options, place: source)
    } catch {
      problems.append(ConfigProblem(.wrongValue, error.message, in: source, help: error.remedy))
      return nil
    }
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

  mutating func values(
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
