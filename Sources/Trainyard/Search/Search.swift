import PluginHost
import RunStore
import Training

/// A search for good parameters: many runs of a pipeline, each with other values of some of its options.
///
/// ```swift
/// var search = try Search(Pipeline(contentsOf: "pipeline.yaml"))
/// search.workers = 2
/// let report = try search.run()
/// print(report.best?.value ?? .nan, report.best?.parameterText ?? "all trials failed")
/// ```
///
/// What is varied, and how, is the section `search` of the pipeline. Trials are kept in the store of the pipeline's
/// output: the same search goes on there with what is not done, also after it was killed, and several processes may work
/// on it. Where the output has no store, trials are kept in memory only.
public struct Search: Sendable {
  /// Fits at a time; `nil`: as many as the cores carry. Does not change what comes out.
  public var workers: Int?
  /// New instances for each fit. Does not change what comes out; slower.
  public var isFresh = false
  /// Every option of the base config, with nothing left open.
  public let plan: Plan
  private let search: SearchPlan
  private let baseFolder: String
  private let plugins: PluginSearch

  /// Throws `ConfigProblems` with all that is wrong with the config, or `SearchError` where it has no search.
  public init(_ pipeline: Pipeline) throws {
    plan = try pipeline.plan()
    guard var search = plan.search else {
      throw SearchError(
        .nothingToSearch, "the pipeline has no section 'search'",
        help: "add one, as in search: {parameters: {model.learning_rate: {log_uniform: [0.0001, 0.1]}}}")
    }
    baseFolder = pipeline.config.baseFolder
    plugins = pipeline.search
    search.base = pipeline.node
    self.search = search
    workers = search.config.workers
    if plan.crossValidation != nil { try CrossValidation(plan).checkValidation() }
  }

  /// What is varied.
  public var space: SearchSpace { search.space }
  /// Trials at most.
  public var trials: Int { search.trials }
  public var config: SearchConfig { search.config }
  /// Numbers of epochs, or of folds, after which a trial may be ended; those of epochs go by the file's own number.
  /// `nil`: trials are not halved.
  public var rungs: [Int]? {
    search.config.halving.map { config in
      let folds = plan.crossValidation?.folds
      let limit = folds.map { folds -> Int in
        // What the data cannot be divided into is refused when there is data.
        let (fits, overflow) = folds.folds.multipliedReportingOverflow(by: folds.repeats)
        return folds.strategy == .leaveOneOut || overflow ? .max : fits
      }
      return Halving(config, folds: folds != nil).rungs(below: limit ?? plan.training.epochs)
    }
  }

  /// The search's name in the store and that of its folder: the config's, or made from all that decides on results, so
  /// that another config is another search.
  public var name: String { search.config.name ?? plan.output.name ?? "search-" + digest.prefix(8) }

  private var digest: String { RunStore.digest(JSONWriter.compact(identity)) }

  /// All of the config that what comes out depends on. How many trials there are and where files go is not of it.
  private var identity: JSONValue {
    var config = search.config
    config.trials = nil
    config.timeLimit = nil
    config.name = nil
    config.workers = nil
    config.seed = seed
    let others = plan.resolved.members?.filter { !["output", "plugins", "search"].contains($0.name) } ?? []
    let members = others.map { member in
      guard member.name == "cross_validation" else { return member }
      return JSONValue.Member(member.name, JSONValue(member.value.node.removing(["workers"])))
    }
    return .object(members + [JSONValue.Member("search", JSONValue(config.node))])
  }

  private var seed: UInt64 { search.config.seed ?? plan.training.seed }

  /// Runs the trials that are not done. A trial that fails is recorded and the search goes on; what is thrown is what
  /// keeps all from running: a store that cannot be used, an objective that no trial reports.
  public func run(
    console: any Console = SilentConsole(), interruption: Interruption = Interruption()
  ) throws -> SearchReport {
    let folder = plan.output.folder.map { PathName.join($0, name) }
    let display = ManyFitsDisplay(console, noun: "trial")
    let source = SearchSource(
      search, base: plan, seed: seed, folder: folder, interruption: interruption, folds: folds,
      plan: { [self] in try trialPlan($0) }, book: { [self] in try book($0) },
      display: SearchDisplay(display, total: search.trials))
    var pool = FitPool(workers: workers, threads: plan.training.threads, isFresh: isFresh)
    pool.console = { display.console(for: source.label($0)) }
    do {
      try pool.run(source, interruption: interruption)
      display.end()
    } catch {
      display.end()
      throw error
    }
    let (trials, objective, isTimeUp) = try source.result()
    let isInterrupted = interruption.isRequested && trials.count { $0.state.isFinal } < search.trials
    var report = SearchReport(
      name: name, ending: isInterrupted ? .interrupted : isTimeUp ? .timeLimit : .finished,
      objective: objective, trials: trials, folder: folder,
      store: folder == nil ? nil : plan.output.store)
    if let folder {
      let best = try report.best.map { trial in
        var node = search.base.removing(["search"])
        for (path, value) in trial.parameters {
          if let place = search.places[path] { node = node.setting(place, to: value) }
        }
        return try trialPlan(node).resolved
      }
      try SearchFolder(path: folder).write(&report, search, best: best.map(withoutName))
    }
    return report
  }

  /// A run of its own gets a folder of its own.
  private func withoutName(_ config: JSONValue) -> JSONValue {
    let node = config.node
    return JSONValue(node.setting("output", to: (node["output"] ?? ConfigNode(.map([]))).removing(["name"])))
  }

  /// How a trial's fits are the folds of a cross-validation; `nil`: it has one fit.
  private var folds: (@Sendable (Worker) throws -> (TrialFolds, warnings: [String]))? {
    guard let settings = plan.crossValidation?.folds else { return nil }
    return { [plan] worker in
      let folds = try worker.folds(settings, of: plan, seed: plan.training.seed)
      let trialFolds = TrialFolds(
        count: folds.count, request: { FitRequest($0, fold: folds[$1]) }, label: { folds.place(of: $0) },
        folderName: { folds.folderName($0) })
      return (trialFolds, folds.warnings)
    }
  }

  private func trialPlan(_ point: SearchPoint) throws -> Plan { try trialPlan(search.node(of: point)) }

  private func trialPlan(_ node: ConfigNode) throws -> Plan {
    var pipeline = try Pipeline(node, baseFolder: baseFolder)
    pipeline.search = plugins
    return try pipeline.plan()
  }

  private func book(_ objective: Objective) throws -> TrialBook {
    guard plan.output.folder != nil, let path = plan.output.store else {
      return TrialBook(study: nil, space: search.space, objective: objective)
    }
    do {
      // Without its store a search cannot go on: to wait costs less.
      let store = try RunStore(path: path, patience: 60)
      let study = try store.openStudy(
        name: name, kind: .search, configDigest: digest, config: JSONWriter.compact(identity),
        objective: objective.metric, direction: StudyDirection(objective.direction))
      return TrialBook(study: study, space: search.space, objective: objective)
    } catch let error as StudyDiffers where error.stored.kind == .search {
      throw SearchError(
        .differentSearch,
        "the search '\(name)' in '\(path)' has another config: \(ConfigDifference.text(error.stored.config, error.wanted.config))",
        help: "give this one another name with --name, or remove the old one: trainyard runs remove \(name)")
    }
  }
}
