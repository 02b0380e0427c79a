import BoosterCore
import PluginKit

/// Gradient boosting by XGBoost, through its C API: one round is one epoch. What it shares with other boosters is in
/// `BoosterCore`.
final class XGBoost: BoostedModel {
  static let about = About(
    id: "xgboost", version: "0.1.0",
    summary:
      "Gradient boosted trees by XGBoost: classification, regression, ranking. One boosting round is one epoch."
  )

  @Option(
    "XGBoost's library. Without a value: TRAINYARD_XGBOOST_LIBRARY, the active Python environment, the system's."
  )
  var library: FilePath?
  @Option("A library with an objective of your own, a C function: see the plugin's README.")
  var objectiveLibrary: FilePath?
  @Option("The function in it, which gives gradient and hessian.")
  var objectiveSymbol = "objective"
  @Option("XGBoost's own parameters, under XGBoost's names: max_depth, eta, subsample, objective, …")
  var parameters = RestJSON()

  private(set) var booster: Booster?

  func create(_ host: Host) throws {
    let library = try XGBoostLibrary(named: library?.path)
    let objective = try objectiveLibrary.map {
      try CustomObjective(library: $0.path, symbol: objectiveSymbol)
    }
    let engine = try XGBoostEngine(library, try EngineParameters(parameters), objective: objective)
    booster = Booster(engine, host: host)
    host.log(.info, "XGBoost \(library.versionText), \(library.path)")
    if let approximation = engine.traits.approximation {
      host.log(.info, "a resumed run goes on approximately: \(approximation)")
    }
  }

  func reset(seed: UInt64, task: TaskDescription) throws { try made.reset(seed: seed, task: task) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(XGBoost.self, to: args, license: "Apache-2.0", author: "Trainyard")
}
