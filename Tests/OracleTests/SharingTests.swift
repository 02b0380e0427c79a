import PluginHost
import Support
import Testing
import Training

@testable import Trainyard

/// Sharing is exact: what one worker gives for fold after fold, through one instance of each plugin, is what new
/// instances give, for every callback and every monitor that is built.
@Suite struct SharingTests {
  @Test(arguments: ReuseRow.table)
  func `a shared callback trains as a new one does`(_ row: ReuseRow) throws {
    for settings in row.settings {
      var trial = try SharingTrial(measures: row.measures)
      try trial.add(.callback, settings.isEmpty ? row.id : "\(row.id):\(settings)")
      try trial.compare(settings)
    }
  }

  /// Monitors by the task that they measure; `data` is a dataset's specification.
  static let monitors: [(data: String, monitors: [String])] = [
    (
      "synthetic:shape=blobs,classes=3,rows=60",
      [
        "accuracy", "top-k-accuracy:k=2", "precision", "recall", "f1:average=weighted", "roc-auc", "pr-auc",
        "log-loss", "brier", "calibration-error", "matthews-correlation", "cohen-kappa", "confusion-matrix",
      ]
    ),
    (
      "synthetic:shape=linear,rows=60",
      [
        "mean-absolute-error", "mean-squared-error", "root-mean-squared-error", "r2", "explained-variance",
        "quantile-loss",
      ]
    ),
  ]
  /// The built-in model does not rank.
  static let unmeasured: Set<String> = ["ndcg"]

  @Test func `every monitor is in the table`() throws {
    let built = PluginSearch(folders: [try builtFolder()]).all().components.filter { $0.kind == .monitor }
    let listed = Self.monitors.flatMap(\.monitors).map { String($0.prefix { $0 != ":" }) }
    #expect(Set(built.map(\.id)) == Set(listed).union(Self.unmeasured))
  }

  @Test(arguments: monitors)
  func `shared monitors measure as new ones do`(data: String, monitors: [String]) throws {
    var trial = try SharingTrial(data: data)
    for monitor in monitors { try trial.add(.monitor, monitor) }
    try trial.compare(data)
  }

  /// The comparison must be able to fail: fits that really differ are found out.
  @Test func `another fold is another trail`() throws {
    let trial = try SharingTrial()
    let (one, other) = try RunThread.perform {
      let worker = Worker()
      return (try trial.trail(0, worker), try trial.trail(1, worker))
    }
    #expect(one.contains { one in !other.contains { $0 == one } })
  }
}

/// One plan through several folds, by one worker and by new ones.
struct SharingTrial {
  private var plan: Plan
  private let measures: Bool
  private let folder: TemporaryFolder

  init(data: String = "synthetic:shape=moons,rows=60,noise=0.3", measures: Bool = false) throws {
    self.measures = measures
    folder = try TemporaryFolder()
    let isBinary = data.contains("moons")
    let text = """
      data: {train: synthetic}
      model: {plugin: mlp, hidden: [4], optimizer: sgd, momentum: 0.5, learning_rate: 0.1}
      train: {epochs: 5, batch_size: 8, seed: 5}
      monitors:
        - {name: score, expression: 0 - val_loss, direction: max}
        - {name: gap, expression: val_loss - loss, direction: min}
      plugins: {path: ["\(try builtFolder())"]}
      """
    plan = try Pipeline(ConfigReader.read(text: text, file: "p.yaml"), baseFolder: folder.path).plan()
    plan.data.training = try Self.instance(.dataset, data)
    if isBinary { try add(.monitor, "accuracy") }
  }

  private static func instance(_ kind: PluginKind, _ text: String) throws -> PlannedInstance {
    var planner = SpecPlanner(search: PluginSearch(folders: [try builtFolder()]), baseFolder: "/")
    guard let instance = planner.instance(kind, text, from: text) else {
      throw ConfigProblems(planner.problems)
    }
    return instance
  }

  mutating func add(_ kind: PluginKind, _ text: String) throws {
    let instance = try Self.instance(kind, text)
    if kind == .callback { plan.callbacks.append(instance) } else { plan.monitors.append(instance) }
  }

  /// Folds, and epochs after which somebody from outside ends the fit.
  private static let fits: [(fold: Int, end: Int?)] = [(0, nil), (1, 2), (2, nil), (0, nil)]

  func compare(_ place: String) throws {
    let fresh = try Self.fits.map { fit in
      try RunThread.perform { try trail(fit.fold, Worker(), end: fit.end) }
    }
    let shared = try RunThread.perform {
      let worker = Worker()
      return try Self.fits.map { try trail($0.fold, worker, end: $0.end) }
    }
    for (number, (one, other)) in zip(shared, fresh).enumerated() {
      #expect(one.count == other.count && one.count > 20, "\(place), fit \(number)")
      for (line, expected) in zip(one, other) where line != expected {
        Issue.record("\(place), fit \(number): \(line.prefix(300)) and not \(expected.prefix(300))")
        break
      }
    }
  }

  /// All that a fit gives: weights and files byte for byte, metrics bit for bit.
  func trail(_ fold: Int, _ worker: Worker, end: Int? = nil) throws -> [String] {
    let path = folder("run")
    try Shell.check(["rm", "-rf", path])
    var settings = FoldSettings()
    settings.folds = 3
    var request = FitRequest(plan, fold: try Folds(settings, rowCount: 60)[fold])
    request.folder = .exact(path)
    request.predictsValidation = true
    request.observer = end.map { Ending(epoch: $0) }
    // Each reading of the clock is a millisecond later, from the same start in each fit.
    var now: Int64 = 0
    func tick() -> Int64 {
      now += 1_000_000
      return now
    }
    worker.clock = RunClock(monotonic: tick, wall: { 1_700_000_000_000_000_000 + tick() })
    let lines = Lines()
    let report = try worker.fit(request, console: lines)
    var trail = [
      "\(report.result.outcome) \(report.result.reason) \(report.result.stoppedBy ?? "") \(report.result.steps)",
      "\(report.result.dropped) \(report.directions.sorted { $0.key < $1.key })",
    ]
    trail += lines.lines + report.warnings
    trail += report.result.epochs.flatMap { epoch in
      epoch.metrics.map { "\(epoch.index) \($0.name) \($0.value.bitPattern)" } + epoch.notes.map { "\($0)" }
    }
    let held = report.heldOut
    trail += held.map { ["\($0.predictions) \($0.targets) \($0.rows)"] } ?? []
    trail += held?.metrics.map { "\($0.name) \($0.value.bitPattern)" } ?? []
    for name in PathName.files(below: path) where name != "summary.json" {
      let bytes = try InputFile.read(PathName.join(path, name))
      trail += String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })).split(separator: "\n").map {
        "\(name): " + String($0).replacing(#/, ?"seconds": ?[-+.0-9e]+/#, with: "")
      }
    }
    guard measures else { return trail }
    // remote-monitor says the same of its deliveries, and in which hook depends on when the network answers.
    return trail.filter { !$0.hasPrefix("events.jsonl") || !$0.contains("deliver") }.map(withoutNumbers)
      .sorted()
  }

  private func withoutNumbers(_ text: String) -> String {
    String(text.filter { !$0.isNumber && !".-+e".contains($0) })
  }

  private final class Ending: FitObserver {
    let name = "the test"
    private let epoch: Int
    init(epoch: Int) { self.epoch = epoch }
    func epochEnded(_ epoch: Epoch) -> String? { epoch.index == self.epoch ? "enough" : nil }
  }

  private final class Lines: Console {
    private(set) var lines: [String] = []
    var width: Int { 0 }
    func line(_ level: LogLevel, _ text: String) { lines.append("\(level) \(text)") }
    func status(_ text: String) {}
  }
}
