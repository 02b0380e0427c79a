import PluginHost
import Training

/// A pipeline: data, model, callbacks and monitors, as a file or a program names them.
///
/// ```swift
/// let pipeline = try Pipeline(contentsOf: "pipeline.yaml")
/// let report = try pipeline.run()
/// print(report.result.outcome.name, report.result.reason)
/// print(report.result.series("val_loss"), report.result.bestEpoch(by: "val_loss", .min)?.index ?? -1)
/// ```
public struct Pipeline {
  public var config: PipelineConfig
  /// What the config was read from.
  public let node: ConfigNode
  /// Where plugins are looked for, and what they must be: as the lock file beside the pipeline says, where there is one.
  public var search: PluginSearch

  /// Reads a YAML or JSON file. Throws `ConfigProblems` with all that is wrong with it.
  public init(contentsOf path: String) throws {
    try self.init(ConfigReader.read(path: path), baseFolder: PathName.folder(of: path))
  }

  /// A config that is already a value; relative paths in it are relative to `baseFolder`.
  /// - Parameters:
  ///   - node: What a file would hold.
  ///   - baseFolder: Also where the lock file lies.
  ///   - obeysLock: Whether libraries must be what the lock file says. Throws `LockFileError` for a damaged one.
  public init(_ node: ConfigNode, baseFolder: String = ".", obeysLock: Bool = true) throws {
    let (read, problems) = try PipelineConfig.readAll(node, baseFolder: baseFolder)
    config = read
    self.node = node
    search = .standard(explicit: config.pluginFolders, project: config.baseFolder + "/plugins")
    if obeysLock { search.pins = try LockFile.pins(beside: config.baseFolder) }
    guard problems.isEmpty else {
      // What is wrong with the plugins that it names comes out together with what is wrong with itself.
      var planner = Planner(config, search: search, problems: problems)
      _ = try planner.plan()
      throw ConfigProblems(problems)
    }
  }

  /// Looks for plugins in these folders before all others.
  public mutating func searchFirst(_ folders: [String]) {
    search = PluginSearch(folders: folders + search.folders, pins: search.pins)
  }

  /// Finds the plugins and checks their options. Throws `ConfigProblems`.
  public func plan() throws -> Plan {
    var planner = Planner(config, search: search)
    return try planner.plan()
  }

  /// One run, on a thread of its own.
  public func run(console: any Console = SilentConsole(), interruption: Interruption = Interruption()) throws
    -> RunReport
  {
    try plan().run(console: console, interruption: interruption)
  }
}

extension Plan {
  /// The metrics that a run will have, and where each comes from. Opens the data; nothing is trained or written. What
  /// plugins declare in `on_train_begin` only is not there yet.
  public func metrics() throws -> [MetricListing] {
    try withSession { try $0.metrics() }
  }

  /// What a run would refuse before its first batch is thrown, such as a monitor of a metric that nobody publishes.
  /// Opens the data, resets every instance, and tells callbacks of a run that begins and is interrupted at once: nothing
  /// is trained, and the run's folder is a temporary one.
  /// - Returns: The metrics that it would have, also those that are declared in `on_train_begin`.
  public func rehearse() throws -> [MetricListing] {
    try withSession { try $0.rehearse() }
  }

  /// One run, on a thread of its own, written down in the plan's store. An error in training is in the report; one
  /// before it is thrown.
  public func run(console: any Console = SilentConsole(), interruption: Interruption = Interruption()) throws
    -> RunReport
  {
    let entry = RunEntry(self)
    var plan = self
    if let entry { plan.output.began = { entry.begin(folder: $0) } }
    do {
      var report = try plan.withSession(console: console) { try $0.fit(interruption: interruption) }
      entry?.end(&report)
      for warning in entry?.warnings ?? [] { console.line(.warning, warning) }
      return report
    } catch {
      entry?.discard()
      throw error
    }
  }

  /// Several runs through one instance of each plugin: all are reset before each run. `body` runs on a thread of
  /// its own, to which the session belongs.
  public func withSession<Result>(
    console: any Console = SilentConsole(), _ body: (Session) throws -> Result
  ) throws -> Result {
    try RunThread.perform {
      try body(Session(self, console: console))
    }
  }
}

extension Plan {
  /// Goes on with a run of this plan from its newest checkpoint, in its folder, on a thread of its own. It ends as it
  /// would have had it never been left.
  /// - Parameters:
  ///   - point: Where it goes on.
  ///   - allowsChanges: Goes on also where the plan is not quite that of the run. State of plugins that it no longer has
  ///     is left aside, and new ones begin as new.
  ///   - console: Where lines go.
  ///   - interruption: Ends it as interrupted, once it is requested.
  public func resume(
    _ point: ResumePoint, allowsChanges: Bool = false, console: any Console = SilentConsole(),
    interruption: Interruption = Interruption()
  ) throws -> RunReport {
    try point.check(self, allowsChanges: allowsChanges)
    for warning in point.warnings { console.line(.warning, warning) }
    console.line(.info, "resuming '\(point.folder)' \(point.position.words)")
    return try RunThread.perform {
      var request = FitRequest(self, seed: point.contents.run.seed)
      request.checkpoints = checkpoints ?? CheckpointPolicy()
      return try Worker().fit(request, from: point, console: console, interruption: interruption)
    }
  }

  /// The newest unfinished run of this plan in its output folder.
  /// - Throws: `ResumeProblem` where there is none.
  public func unfinishedRun(allowsChanges: Bool = false) throws -> ResumePoint {
    try UnfinishedRuns.newest(of: self, allowsChanges: allowsChanges)
  }
}

extension Pipeline {
  /// The pipeline of a run that is taken up.
  /// - Parameters:
  ///   - point: Where it goes on.
  ///   - epochs: More than it was begun with.
  public init(resuming point: ResumePoint, epochs: Int? = nil) throws {
    let (read, baseFolder) = try point.config()
    var node = read
    if let epochs {
      node = node.setting(path: ["train", "epochs"], to: ConfigNode(.int(Int64(epochs))))
      point.allow("train.epochs")
    }
    try self.init(node, baseFolder: baseFolder)
  }
}

extension Plan {
  /// A short run with rising learning rates, on a thread of its own; see `LearningRateSearch`. Writes nothing.
  public func findLearningRate(
    _ search: LearningRateSearch = LearningRateSearch(), interruption: Interruption = Interruption()
  ) throws -> LearningRateSearch.Result {
    var bare = self
    bare.callbacks = []
    bare.monitors = []
    return try RunThread.perform {
      try Worker().searchLearningRate(search, bare, interruption: interruption)
    }
  }
}

/// One instance of each plugin of a plan, for any number of runs. Must not leave the body that it was given to.
public final class Session {
  private let plan: Plan
  private let console: any Console
  private let worker = Worker()
  /// Fits that have left a folder.
  private var folders = 0

  init(_ plan: Plan, console: any Console) {
    self.plan = plan
    self.console = console
  }

  /// The metrics that a run will have, see `Plan.metrics()`.
  public func metrics() throws -> [MetricListing] { try worker.metrics(plan) }

  /// See `Plan.rehearse()`.
  func rehearse() throws -> [MetricListing] { try worker.rehearse(plan) }

  /// One run: every instance is reset, then trained. Where the plan names the run's folder, those of later fits get a
  /// number behind the name.
  /// - Parameters:
  ///   - seed: The plan's, unless given.
  ///   - interruption: Ends it as interrupted, once it is requested.
  public func fit(seed: UInt64? = nil, interruption: Interruption = Interruption()) throws -> RunReport {
    var request = FitRequest(plan, seed: seed)
    request.folder = FitRequest.folder(of: plan, isNumbered: folders > 0)
    request.checkpoints = plan.checkpoints
    let report = try worker.fit(request, console: console, interruption: interruption)
    if report.folder != nil { folders += 1 }
    return report
  }
}
