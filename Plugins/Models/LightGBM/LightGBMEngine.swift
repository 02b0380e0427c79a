import BoosterCore
import PluginKit

/// LightGBM with the user's parameters.
final class LightGBMEngine: Engine {
  let library: LightGBMLibrary
  private let parameters: LightGBMParameters
  let objective: CustomObjective?
  private(set) var task = TaskDescription(kind: .regression, featureShape: [1], outputWidth: 1)
  private var seed: UInt64 = 0
  private(set) var threads = 1

  init(_ library: LightGBMLibrary, _ given: EngineParameters, objective: CustomObjective?) throws {
    self.library = library
    self.objective = objective
    parameters = try LightGBMParameters(given, library)
    if objective != nil, parameters.text("objective") != nil {
      throw PluginError("both 'objective' and 'objective_library' are given", help: "leave one of them out")
    }
    // Values are checked when rows are taken: two will do.
    let rows: [Float] = [0, 1]
    var trial: LightGBMLibrary.Handle?
    try library.check(
      library.datasetFromMatrix(rows, LightGBMLibrary.Kind.float32.rawValue, 2, 1, 1, text(), nil, &trial))
    _ = library.datasetFree(trial)
    _ = EngineLog.take()
  }

  var outputs: Int { task.kind == .classes ? task.outputWidth : 1 }

  // MARK: Parameters

  private var boosting: String { parameters.text("boosting") ?? "gbdt" }

  var traits: EngineTraits {
    EngineTraits(
      fileName: "model.txt", importanceKinds: LightGBMLibrary.importances.map(\.name),
      // dart changes earlier trees.
      truncates: boosting != "dart", approximation: approximation, predictsDoubles: true,
      learningRate: parameters.number("learning_rate") ?? 0.1, loss: loss)
  }

  /// LightGBM saves trees and no random streams.
  private var approximation: String? {
    if ["dart", "rf", "random_forest"].contains(boosting) {
      return "LightGBM does not go on with '\(boosting)' as if it had not stopped"
    }
    let samplesRows =
      (parameters.number("bagging_freq") ?? 0) > 0
      && ["bagging_fraction", "pos_bagging_fraction", "neg_bagging_fraction"].contains {
        (parameters.number($0) ?? 1) < 1
      }
    let samplesColumns = ["feature_fraction", "feature_fraction_bynode"].contains {
      (parameters.number($0) ?? 1) < 1
    }
    if samplesRows || samplesColumns || boosting == "goss"
      || parameters.text("data_sample_strategy") == "goss" || parameters.flag("extra_trees")
      || parameters.flag("use_quantized_grad") || parameters.text("objective") == "rank_xendcg"
    {
      return "LightGBM does not save the random streams that these parameters use"
    }
    return parameters.flag("linear_tree") ? "linear trees go on from rounded numbers" : nil
  }

  private var loss: LossKind {
    switch task.kind {
    case .binary, .classes: return .crossEntropy
    case .ranking: return .ranking
    case .regression: break
    }
    switch parameters.text("objective") {
    case "regression_l1", "l1", "mean_absolute_error", "mae": return .absolute
    case "huber": return .huber(parameters.number("alpha") ?? 0.9)
    case "quantile": return .quantile(parameters.number("alpha") ?? 0.9)
    case "poisson": return .poisson
    case "gamma": return .gamma
    case "tweedie": return .tweedie(parameters.number("tweedie_variance_power") ?? 1.5)
    default: return .squared
    }
  }

  private func objectiveName(_ task: TaskDescription) throws -> String {
    let (standard, fitting): (String, Set<String>) =
      switch task.kind {
      case .binary: ("binary", ["binary", "cross_entropy", "xentropy"])
      case .classes:
        ("multiclass", ["multiclass", "softmax", "multiclassova", "multiclass_ova", "ova", "ovr"])
      case .ranking: ("lambdarank", ["lambdarank", "rank_xendcg", "xendcg"])
      case .regression:
        (
          "regression",
          [
            "regression", "regression_l2", "l2", "mean_squared_error", "mse", "l2_root",
            "root_mean_squared_error", "rmse", "regression_l1", "l1", "mean_absolute_error", "mae", "huber",
            "fair", "poisson", "quantile", "mape", "mean_absolute_percentage_error", "gamma", "tweedie",
          ]
        )
      }
    if task.kind == .regression, task.outputWidth > 1 {
      throw PluginError(
        "LightGBM predicts one number a row, and the target has \(task.outputWidth)",
        help: "xgboost takes several")
    }
    if objective != nil { return "none" }
    guard let given = parameters.text("objective") else { return standard }
    guard fitting.contains(given) else {
      throw PluginError(
        "the objective '\(given)' does not answer a \(task.kind) task",
        help: "leave it out: '\(standard)' is taken")
    }
    return given
  }

  /// All parameters, as LightGBM reads them.
  private func text(objective: String? = nil, learningRate: Double? = nil) -> String {
    var all = parameters.entries.filter {
      $0.name != "objective" && ($0.name != "learning_rate" || learningRate == nil)
    }
    if let learningRate { all.append(("learning_rate", "\(learningRate)")) }
    if let objective { all.append(("objective", objective)) }
    if parameters.text("seed") == nil { all.append(("seed", "\(seed & 0x7FFF_FFFF)")) }
    if outputs > 1 { all.append(("num_class", "\(outputs)")) }
    all.append(("num_threads", "\(threads)"))
    all.append(("metric", "None"))
    // Which way is faster is found out by the clock otherwise, and the ways add up in other orders.
    if !["deterministic", "force_col_wise", "force_row_wise"].contains(where: { parameters.text($0) != nil })
    {
      all += [("deterministic", "true"), ("force_col_wise", "true")]
    }
    return all.map { "\($0.name)=\($0.text)" }.joined(separator: " ")
  }

  // MARK: A run

  func configure(_ task: TaskDescription, seed: UInt64, threads: Int) throws {
    let name = try objectiveName(task)
    self.task = task
    self.seed = seed
    self.threads = threads
    objectiveText = name
    // Callbacks are a thread's own.
    library.hear()
  }

  private var objectiveText = ""
  var datasetText: String { text(objective: objectiveText) }
  func boosterText(_ learningRate: Double?) -> String {
    text(objective: objectiveText, learningRate: learningRate)
  }
  var predictionText: String { "num_threads=\(threads)" }

  func matrix(
    _ rows: EngineRows, forTraining: Bool, beside training: (any EngineMatrix)?
  ) throws -> any EngineMatrix {
    let reference = training as? LightGBMMatrix
    // Without rows to train on there is nothing that could be kept.
    if !forTraining, reference == nil { return LightGBMMatrix(unkept: library) }
    return try LightGBMMatrix(self, rows, forTraining: forTraining, beside: reference)
  }

  func ensemble(
    on training: any EngineMatrix, _ rows: EngineRows, from bytes: [UInt8]?, learningRate: Double?
  ) throws -> any Ensemble {
    guard let matrix = training as? LightGBMMatrix else { throw PluginError("rows of another engine") }
    return try LightGBMEnsemble(self, on: matrix, rows, from: bytes, learningRate: learningRate)
  }

  func ensemble(from bytes: [UInt8]) throws -> any Ensemble { try LightGBMEnsemble(self, from: bytes) }
}
