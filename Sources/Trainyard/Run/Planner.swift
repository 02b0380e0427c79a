import ForeignCalls
import PluginHost
import Training

/// Turns a config into a plan: finds every plugin and checks every option. Reads descriptors only; nothing is
/// created. All problems come out together.
struct Planner {
  let config: PipelineConfig
  let search: PluginSearch
  private var problems: [ConfigProblem]
  /// By place in the config.
  private var planned: [String: PlannedInstance] = [:]
  private var isolation: IsolationPlanner

  /// - Parameter problems: What is already known to be wrong with the config; then no plan comes out.
  init(_ config: PipelineConfig, search: PluginSearch, problems: [ConfigProblem] = []) {
    self.config = config
    self.search = search
    self.problems = problems
    isolation = IsolationPlanner(isolatesAll: config.isolatesAll)
  }

  mutating func plan() throws(ConfigProblems) -> Plan {
    problems += PluginFolders.problems(config.pluginFolders, place: "plugins.path")
    let training = instance(config.data.train)
    let validation = self.validation()
    let model = instance(config.model.plugin)
    let monitors = config.monitors.compactMap { instance($0) }
    let callbacks = config.callbacks.compactMap { instance($0) }
    let measures = config.measures.compactMap { measure($0) }
    checkNames(config.monitors, monitors)
    checkNames(config.callbacks, callbacks)
    let searchPlan = self.searchPlan()
    if let path = config.model.initialWeights, !PathName.exists(path) {
      problems.append(
        ConfigProblem(
          .unreadableFile, "there is no file of initial weights '\(path)'", in: "model.initial_weights",
          help:
            "check the path; a relative one counts from the pipeline file or, without one, from the working directory"
        ))
    }
    guard problems.isEmpty, let training, let model else { throw ConfigProblems(problems.inOrderOfText) }
    var data = DataPlan(training: training)
    data.validation = validation
    data.preprocessing = preprocessing
    data.task = config.data.task
    data.classWeights = classWeights
    var plan = Plan(model: model, data: data)
    plan.monitors = monitors
    plan.measures = measures
    plan.callbacks = callbacks
    plan.training = self.training
    plan.initialWeights = config.model.initialWeights
    plan.output.folder = config.output.folder
    plan.output.name = config.output.name
    plan.output.store = config.output.store
    plan.checkpoints = config.checkpoints
    plan.baseFolder = config.baseFolder
    plan.output.recordsBatches = config.output.record == .batches
    plan.crossValidation = config.crossValidation
    plan.search = searchPlan
    plan.resolved = resolved(plan)
    return plan
  }

  /// What a search varies, checked by the rows of the plugins that were found.
  private mutating func searchPlan() -> SearchPlan? {
    guard let search = config.search else { return nil }
    let paths = SearchPaths(config) { plugin in
      planned[plugin.place].map { (ComponentSpec($0.component), $0.name) }
    }
    var reader = SearchSpaceReader(config, search, paths)
    let space = reader.space()
    problems += reader.problems
    let places = space.parameters.compactMap { parameter in
      paths.target(parameter.path).map { (parameter.path, $0.place) }
    }
    return SearchPlan(
      config: search, space: space, places: Dictionary(places, uniquingKeysWith: { $1 }))
  }

  /// The config with nothing left to defaults: running it again is the same run. Secrets are left out.
  private func resolved(_ plan: Plan) -> JSONValue {
    JSONValue(
      config.resolved { plugin in
        planned[plugin.place].map { $0.component.resolvedNode(of: $0.options).entries }
          ?? plugin.options.entries
      })
  }

  // MARK: Plugins

  mutating func instance(_ plugin: PluginConfig) -> PlannedInstance? {
    // The stand-in for one that could not be read.
    if plugin.reference == .id("") { return nil }
    let isolation = isolation(plugin)
    guard let component = component(plugin, isElsewhere: isolation != nil) else { return nil }
    let (values, found) = plugin.optionValues(for: ComponentSpec(component))
    problems += found
    let instance = PlannedInstance(
      component: component, name: plugin.name, options: values.mapValues { PluginHost.OptionValue($0) },
      onError: plugin.onError == .drop ? .drop : .fail, isolation: isolation)
    planned[plugin.place] = instance
    comparePinned(instance, plugin)
    return instance
  }

  /// Libraries that a plugin opens itself are compared with the lock before it is created.
  private mutating func comparePinned(_ instance: PlannedInstance, _ plugin: PluginConfig) {
    guard let pins = search.pins else { return }
    for path in instance.namedLibraries {
      do { _ = try PinnedLibrary.verify(path, pins) } catch {
        problems.append(
          ConfigProblem(
            .wrongValue, "cannot open the library '\(error.path)': \(error.detail)", at: plugin.position,
            in: plugin.place, help: error.remedy))
      }
    }
  }

  /// How the plugin is kept apart; `nil`: not at all.
  private mutating func isolation(_ plugin: PluginConfig) -> IsolationSettings? {
    let settings = isolation.settings(
      plugin.isolation, plugin.kind, IsolationPlanner.Spot(plugin.position, plugin.place),
      otherwise: plugin.onError == .drop ? .drop : .fail)
    problems += isolation.takeProblems()
    return settings
  }

  private mutating func component(_ plugin: PluginConfig, isElsewhere: Bool) -> ComponentDescription? {
    let search = isElsewhere ? search.inHelper : search
    do {
      switch plugin.reference {
      case .id(let id): return try search.find(id, kind: plugin.kind.pluginKind)
      case .path(let asWritten, let absolute):
        let reference = asWritten.hasPrefix("~") ? absolute : asWritten
        return try search.find(
          reference, kind: plugin.kind.pluginKind, component: plugin.component, relativeTo: plugin.baseFolder)
      }
    } catch {
      problems.append(
        ConfigProblem(
          .wrongValue, error.message, at: plugin.position, in: plugin.place, help: error.remedy))
      return nil
    }
  }

  // MARK: Monitors that are no plugins

  /// Finds the function, and so opens its library, here or in a helper: nothing of it is called.
  private mutating func measure(_ measure: MeasureConfig) -> PlannedMeasure? {
    switch measure.content {
    case .expression(let expression):
      checkDirections(expression, measure)
      return .expression(
        PlannedExpression(
          measure.name, expression, direction: measure.direction,
          places: expression.names.map { "\(measure.position(of: $0.offset))" }))
    case .function(let function):
      let isolation = isolation.settings(
        function.isolation, .monitor, IsolationPlanner.Spot(measure.position, measure.place), otherwise: .fail
      )
      problems += self.isolation.takeProblems()
      var opened = function
      do {
        if isolation == nil {
          // What was compared is what is opened, here and in every run.
          opened.signature.library = try ForeignCall(opening: function.signature, pins: search.pins)
            .function.signature.library
        } else {
          try FunctionProbe(function, pins: search.pins).open()
        }
      } catch {
        let fault = FunctionFault(error)
        if case .foreign(let error) = fault {
          problems.append(
            ConfigProblem(
              error, at: measure.position, in: measure.place, arguments: function.arguments.elements))
        } else {
          problems.append(
            ConfigProblem(
              .wrongValue, fault.words.message, at: measure.position, in: measure.place,
              help: fault.words.help))
        }
      }
      return .function(
        PlannedFunction(
          measure.name, opened, direction: measure.direction, place: "\(measure.position), \(measure.place)",
          isolation: isolation, pins: search.pins))
    }
  }

  /// A metric of another measure has the direction that the config gives it. Those of plugins are known in the run only.
  private mutating func checkDirections(_ expression: Expression, _ measure: MeasureConfig) {
    let undirected = Set(config.measures.flatMap(\.givesWithoutDirection))
    for name in expression.namesNeedingDirection where undirected.contains(name.name) {
      problems.append(
        ConfigProblem(
          .wrongValue, "best(\(name.name)) cannot tell whether '\(name.name)' should rise or fall",
          at: measure.position(of: name.offset), in: measure.place,
          help: "write best(\(name.name), min) or best(\(name.name), max), or give '\(name.name)' a direction"
        ))
    }
  }

  /// Two instances of one name could not be told apart in state, logs and summary.
  private mutating func checkNames(_ plugins: [PluginConfig], _ instances: [PlannedInstance]) {
    guard plugins.count == instances.count else { return }
    var seen: Set<String> = []
    for (plugin, instance) in zip(plugins, instances) where !seen.insert(instance.name).inserted {
      // Names that the config shows were compared when it was read.
      guard plugin.knownName == nil else { continue }
      problems.append(
        ConfigProblem(
          .duplicateName, "two \(plugin.kind.rawValue)s have the name '\(instance.name)'",
          at: plugin.position,
          in: plugin.place, help: "give one of them another with 'name'"))
    }
  }

  // MARK: Data and training

  private mutating func validation() -> DataPlan.Validation {
    switch config.data.validation {
    case .none: return .none
    case .fraction(let fraction, let isStratified): return .fraction(fraction, stratify: isStratified)
    case .dataset(let plugin): return instance(plugin).map { .dataset($0) } ?? .none
    }
  }

  private var preprocessing: Preprocessing {
    var settings = Preprocessing()
    settings.scale = config.data.scale
    settings.standardize = config.data.standardizes
    settings.missing = config.data.missing
    settings.oneHot = config.data.oneHot
    return settings
  }

  private var classWeights: ClassWeights {
    switch config.data.classWeight {
    case .none: .none
    case .balanced: .balanced
    case .given(let table): .table(table)
    }
  }

  private var training: TrainingPlan {
    var plan = TrainingPlan()
    plan.epochs = config.train.epochs
    plan.batchSize = config.train.batchSize
    plan.validationBatchSize = config.train.validationBatchSize
    plan.seed = config.train.seed
    plan.shuffle = config.train.shuffles
    plan.validationEvery = config.train.validationEvery
    plan.threads = config.train.threads
    plan.maxSteps = config.train.maxSteps
    plan.isStrict = config.train.isStrict
    plan.learningRateSearch = config.train.learningRateSearch
    switch config.train.prefetch {
    case .auto: plan.prefetch = .automatic
    case .on: plan.prefetch = .prefetch
    case .off: plan.prefetch = .inline
    }
    return plan
  }
}

extension MeasureConfig {
  /// The metrics that it gives and that have no direction, with their names in validation.
  fileprivate var givesWithoutDirection: [String] {
    guard case .function(let function) = content else { return direction == .none ? [name] : [] }
    var names = function.signature.outputs.filter { $0.direction == .none }.map(\.name)
    if function.signature.returns != .void, direction == .none { names.append(name) }
    return function.isOfTheEpoch ? names : names + names.map { "val_" + $0 }
  }
}
