import Training

/// The section `search` of a pipeline file. Its parameters are checked later, when the plugins' rows are known.
public struct SearchConfig: Sendable {
  /// The epoch whose value of the objective is the trial's.
  public enum Moment: String, Sendable, CaseIterable {
    case best, last
  }

  /// Where the rungs of halving are.
  public struct Rungs: Sendable, Equatable {
    /// `nil`: not given.
    public var minEpochs: Int?
    /// `nil`: not given.
    public var minFolds: Int?
    public var reductionFactor: Int
  }

  public var strategy: SearchStrategy
  /// Paths and what stands there.
  public var parameters: ConfigNode
  public var metric: String
  /// `nil`: the metric's own.
  public var direction: Direction?
  public var moment: Moment
  /// `nil`: 20, and all of a grid.
  public var trials: Int?
  /// `nil`: no limit.
  public var timeLimit: Duration?
  /// `nil`: that of training.
  public var seed: UInt64?
  /// Trial n looks at the trials up to n - lag.
  public var lag: Int
  public var isAsynchronous: Bool
  public var halving: Rungs?
  /// Fits side by side; `nil`: as many as the cores carry.
  public var workers: Int?
  /// `nil`: made from the config.
  public var name: String?
  public var position: SourcePosition
  var metricPosition: SourcePosition

  /// Where nothing else is said of a search that has no end of its own.
  public static let defaultTrials = 20
}

extension PipelineReader {
  mutating func search(_ node: ConfigNode) -> SearchConfig? {
    let before = problems.count
    let values = values(of: .search, node, owner: "'search'", place: "search")
    guard node.isMap else { return nil }
    if node["parameters"]?.isMap != true {
      let found = node["parameters"].map { ", not \($0.found)" } ?? ""
      problems.append(
        ConfigProblem(
          node["parameters"] == nil ? .missingKey : .wrongType,
          "key 'parameters' of 'search' must be a map of paths\(found)",
          at: node["parameters"]?.position ?? node.position, in: "search",
          help: "write {model.learning_rate: {log_uniform: [0.0001, 0.1]}, …}"))
    }
    let tpe = tpe(node["tpe"])
    let strategy: SearchStrategy =
      switch values.text("strategy") {
      case "grid": .grid
      case "random": .random
      default: .tpe(tpe)
      }
    if let given = node["tpe"], !given.isNull, strategy.name != "tpe" {
      problems.append(
        ConfigProblem(
          .conflict, "'search.tpe' goes with the strategy tpe, and the strategy is \(strategy.name)",
          at: given.position, in: "search", help: "remove it, or set strategy: tpe"))
    }
    if let name = values.optionalText("name") {
      check(name: name, at: node["name"]?.position, place: "search")
    }
    let config = SearchConfig(
      strategy: strategy, parameters: node["parameters"] ?? ConfigNode(.map([])),
      metric: values.optionalText("metric") ?? "val_loss",
      direction: values.optionalText("direction").flatMap { Direction(name: $0) },
      moment: SearchConfig.Moment(rawValue: values.text("at")) ?? .best,
      trials: values.optionalInt("trials"),
      // A Duration ends at some 10^20 seconds; a thousand years are no limit at all.
      timeLimit: values.optionalDouble("time_limit").map { .seconds(min($0, 3e10)) },
      seed: values.optionalInt("seed").map { UInt64(clamping: $0) }, lag: max(1, values.int("lag")),
      isAsynchronous: values.bool("asynchronous"),
      halving: node["halving"].flatMap { $0.isNull ? nil : halving($0) },
      workers: values.optionalInt("workers"), name: values.optionalText("name"), position: node.position,
      metricPosition: node["metric"]?.position ?? node.position)
    return problems.count == before ? config : nil
  }

  private mutating func halving(_ node: ConfigNode) -> SearchConfig.Rungs {
    let values = values(of: .halving, node, owner: "'search.halving'", place: "search.halving")
    return SearchConfig.Rungs(
      minEpochs: values.optionalInt("min_epochs"), minFolds: values.optionalInt("min_folds"),
      reductionFactor: values.int("reduction_factor"))
  }

  private mutating func tpe(_ node: ConfigNode?) -> TPE {
    let values = values(of: .tpe, node, owner: "'search.tpe'", place: "search.tpe")
    var tpe = TPE()
    tpe.startupTrials = values.int("startup_trials")
    tpe.candidates = max(1, values.int("candidates"))
    tpe.gamma = values.double("gamma")
    tpe.priorWeight = values.double("prior_weight")
    return tpe
  }
}

extension SearchConfig {
  /// The section with every default written out.
  var node: ConfigNode {
    func map(_ entries: [(String, ConfigNode?)]) -> ConfigNode {
      ConfigNode(.map(entries.compactMap { key, value in value.map { .init(key: key, value: $0) } }))
    }
    func int(_ value: Int?) -> ConfigNode? { value.map { ConfigNode(.int(Int64($0))) } }
    var tpe: ConfigNode?
    if case .tpe(let settings) = strategy {
      tpe = map([
        ("startup_trials", int(settings.startupTrials)), ("candidates", int(settings.candidates)),
        ("gamma", ConfigNode(.float(settings.gamma))),
        ("prior_weight", ConfigNode(.float(settings.priorWeight))),
      ])
    }
    let halving = halving.map { rungs in
      map([
        ("min_epochs", int(rungs.minEpochs)), ("min_folds", int(rungs.minFolds)),
        ("reduction_factor", int(rungs.reductionFactor)),
      ])
    }
    return map([
      ("parameters", parameters), ("strategy", ConfigNode(.string(strategy.name))),
      ("metric", ConfigNode(.string(metric))), ("direction", direction.map { ConfigNode(.string($0.name)) }),
      ("at", ConfigNode(.string(moment.rawValue))), ("trials", int(trials)),
      ("time_limit", timeLimit.map { ConfigNode(.float($0.inSeconds)) }),
      ("seed", seed.map { ConfigNode(.int(Int64(clamping: $0))) }), ("lag", int(lag)),
      ("asynchronous", ConfigNode(.bool(isAsynchronous))), ("workers", int(workers)), ("halving", halving),
      ("tpe", tpe),
      ("name", name.map { ConfigNode(.string($0)) }),
    ])
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
