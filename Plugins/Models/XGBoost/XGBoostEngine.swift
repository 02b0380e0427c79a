import BoosterCore
import ForeignCalls
import PluginKit

/// XGBoost with the user's parameters.
final class XGBoostEngine: Engine {
  let library: XGBoostLibrary
  private let parameters: EngineParameters
  let objective: CustomObjective?
  private(set) var task = TaskDescription(kind: .regression, featureShape: [1], outputWidth: 1)
  private var seed: UInt64 = 0
  private(set) var threads = 1

  init(_ library: XGBoostLibrary, _ parameters: EngineParameters, objective: CustomObjective?) throws {
    self.library = library
    self.parameters = parameters
    self.objective = objective
    try parameters.refuse(
      ["nthread", "n_jobs", "threads"], help: "say 'threads' under 'train': every model takes it from there")
    try parameters.refuse(
      ["eval_metric", "disable_default_eval_metric"],
      help: "metrics are monitors' work: add them to the pipeline's 'monitors'")
    try parameters.refuse(["num_class"], help: "the data says how many classes there are")
    try parameters.refuse(["validate_parameters"], help: "parameters are always validated")
    try validate()
  }

  // MARK: Parameters

  private var boosterKind: String { parameters.text(of: "booster") ?? "gbtree" }

  var traits: EngineTraits {
    EngineTraits(
      fileName: "model.ubj",
      importanceKinds: boosterKind == "gblinear"
        ? ["weight"] : ["gain", "weight", "cover", "total_gain", "total_cover"],
      // dart changes earlier trees, and a linear model has none.
      truncates: boosterKind == "gbtree", approximation: approximation, predictsDoubles: false,
      learningRate: parameters.number(of: "learning_rate", "eta") ?? (boosterKind == "gblinear" ? 0.5 : 0.3),
      loss: loss)
  }

  private var approximation: String? {
    if boosterKind == "dart" { return "dart drops trees at random, from a stream that XGBoost does not save" }
    let samples = ["subsample", "colsample_bytree", "colsample_bylevel", "colsample_bynode"].contains {
      (parameters.number(of: $0) ?? 1) < 1
    }
    if samples, parameters.flag(of: "seed_per_iteration") != true {
      return
        "rows or columns are sampled from a stream that XGBoost does not save: set seed_per_iteration: true"
    }
    if boosterKind == "gblinear" { return "the order of coordinates is not saved" }
    if parameters.flag(of: "lambdarank_unbiased") == true { return "position biases are not saved" }
    return nil
  }

  private var loss: LossKind {
    switch task.kind {
    case .binary, .classes: return .crossEntropy
    case .ranking: return .ranking
    case .regression: break
    }
    switch parameters.text(of: "objective") {
    case "reg:absoluteerror": return .absolute
    case "reg:squaredlogerror": return .squaredLog
    case "reg:pseudohubererror": return .huber(parameters.number(of: "huber_slope") ?? 1)
    case "reg:quantileerror": return .quantile(parameters.number(of: "quantile_alpha") ?? 0.5)
    case "reg:gamma": return .gamma
    case "reg:tweedie": return .tweedie(parameters.number(of: "tweedie_variance_power") ?? 1.5)
    case "count:poisson": return .poisson
    default: return .squared
    }
  }

  private func objectiveName(_ kind: TaskKind) throws -> String {
    let (standard, fitting): (String, [String]) =
      switch kind {
      case .binary: ("binary:logistic", ["binary:logistic"])
      case .classes: ("multi:softprob", ["multi:softprob"])
      case .regression: ("reg:squarederror", ["reg:", "count:"])
      case .ranking: ("rank:ndcg", ["rank:"])
      }
    guard let given = parameters.text(of: "objective") else { return standard }
    if fitting.contains(where: { given.hasPrefix($0) }) { return given }
    if given == "multi:softmax" || given == "binary:logitraw" || given == "binary:hinge" {
      throw PluginError("'\(given)' predicts no probabilities", help: "'\(standard)' trains the same trees")
    }
    throw PluginError(
      "the objective '\(given)' does not answer a \(kind) task", help: "leave it out: '\(standard)' is taken")
  }

  /// Sets what the user gave, and what the host knows.
  func set(on booster: XGBoostLibrary.Handle?, learningRate: Double?) throws {
    for (name, value) in parameters.entries { try set(booster, name, Self.text(value, of: name)) }
    try set(booster, "objective", try objectiveName(task.kind))
    if task.kind == .classes { try set(booster, "num_class", "\(task.outputWidth)") }
    if parameters.value(of: ["seed", "random_state"]) == nil {
      try set(booster, "seed", "\(seed & 0x7FFF_FFFF)")
    }
    try set(booster, "nthread", "\(threads)")
    try set(booster, "disable_default_eval_metric", "1")
    try set(booster, "validate_parameters", "1")
    if let learningRate { try set(booster, "learning_rate", "\(learningRate)") }
  }

  private func set(_ booster: XGBoostLibrary.Handle?, _ name: String, _ value: String) throws {
    try library.check(library.setParameter(booster, name, value))
  }

  /// Constraints of monotony are a tuple, all other lists are JSON.
  private static func text(_ value: SpecValue, of name: String) -> String {
    let text = EngineParameters.text(value)
    guard name == "monotone_constraints", text.hasPrefix("[") else { return text }
    return "(" + text.dropFirst().dropLast() + ")"
  }

  /// A booster of two rows takes every parameter and says which it does not know.
  private func validate() throws {
    let rows: [Float] = [0, 1]
    var matrix: XGBoostLibrary.Handle?
    try rows.withUnsafeBufferPointer { rows in
      try library.check(
        library.matrixFromDense(
          XGBoostLibrary.array(rows.baseAddress, 2, 1), "{\"missing\": NaN, \"nthread\": 1}", &matrix))
    }
    defer { _ = library.matrixFree(matrix) }
    let trial = try XGBoostBooster(library, matrix)
    for (name, value) in parameters.entries {
      if name == "objective" { continue }
      try library.check(library.setParameter(trial.handle, name, Self.text(value, of: name)))
    }
    if let objective = parameters.text(of: "objective") {
      try library.check(library.setParameter(trial.handle, "objective", objective))
      if objective.hasPrefix("multi:") {
        try library.check(library.setParameter(trial.handle, "num_class", "2"))
      }
    }
    try library.check(library.setParameter(trial.handle, "validate_parameters", "1"))
    _ = EngineLog.take()
    let config = try trial.config()
    let unknown = Self.unused(EngineLog.take().joined(separator: " "))
    guard let name = unknown.first(where: { parameters.names.contains($0) }) else { return }
    let known = Self.names(in: config) + ["eta", "lambda", "alpha", "gamma", "learning_rate", "max_depth"]
    let nearest = nearestName(to: name, in: known.filter { $0 != name })
    throw PluginError(
      "XGBoost \(library.versionText) does not use the parameter '\(name)'"
        + (known.contains(name) ? " together with the others" : ""),
      help: nearest.map { "did you mean '\($0)'?" } ?? "XGBoost's documentation has all parameters")
  }

  /// Of "Parameters: { "a", "b" } are not used."
  private static func unused(_ text: String) -> [String] {
    guard let start = text.firstRange(of: "Parameters: {"),
      let end = text[start.upperBound...].firstIndex(of: "}")
    else { return [] }
    return text[start.upperBound..<end].split(separator: "\"").enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  /// Every name in a configuration that has a value.
  private static func names(in config: String) -> [String] {
    guard let value = try? SpecValue(json: config) else { return [] }
    func names(_ value: SpecValue) -> [String] {
      switch value {
      case .map(let entries):
        entries.flatMap { entry in if case .text = entry.value { [entry.key] } else { names(entry.value) } }
      case .list(let values): values.flatMap(names)
      default: []
      }
    }
    return names(value)
  }

  // MARK: A run

  func configure(_ task: TaskDescription, seed: UInt64, threads: Int) throws {
    self.task = task
    self.seed = seed
    self.threads = threads
    _ = try objectiveName(task.kind)
  }

  func matrix(
    _ rows: EngineRows, forTraining: Bool, beside training: (any EngineMatrix)?
  ) throws -> any EngineMatrix {
    try XGBoostMatrix(self, rows, forTraining: forTraining)
  }

  func ensemble(
    on training: any EngineMatrix, _ rows: EngineRows, from bytes: [UInt8]?, learningRate: Double?
  ) throws -> any Ensemble {
    guard let matrix = training as? XGBoostMatrix else { throw PluginError("rows of another engine") }
    return try XGBoostEnsemble(self, on: matrix, from: bytes, learningRate: learningRate)
  }

  func ensemble(from bytes: [UInt8]) throws -> any Ensemble {
    try XGBoostEnsemble(self, on: nil, from: bytes, learningRate: nil)
  }
}
