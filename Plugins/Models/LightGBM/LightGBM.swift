import BoosterCore
import PluginKit

/// Gradient boosting by LightGBM, through its C API: one round is one epoch. What it shares with other boosters is in
/// `BoosterCore`.
final class LightGBM: BoostedModel {
  static let about = About(
    id: "lightgbm", version: "0.1.0",
    summary:
      "Gradient boosted trees by LightGBM: classification, regression, ranking. One boosting round is one epoch."
  )

  @Option(
    "LightGBM's library. Without a value: TRAINYARD_LIGHTGBM_LIBRARY, the active Python environment, the system's."
  )
  var library: FilePath?
  @Option("A library with an objective of your own, a C function: see the plugin's README.")
  var objectiveLibrary: FilePath?
  @Option("The function in it, which gives gradient and hessian.")
  var objectiveSymbol = "objective"
  @Option("LightGBM's own parameters, under LightGBM's names: num_leaves, learning_rate, objective, …")
  var parameters = RestJSON()

  private(set) var booster: Booster?

  func create(_ host: Host) throws {
    let library = try LightGBMLibrary(named: library?.path)
    let objective = try objectiveLibrary.map {
      try CustomObjective(library: $0.path, symbol: objectiveSymbol)
    }
    let engine = try LightGBMEngine(library, try EngineParameters(parameters), objective: objective)
    booster = Booster(engine, host: host)
    host.log(.info, "LightGBM \(library.version ?? "of a version that it does not say"), \(library.path)")
    if let approximation = engine.traits.approximation {
      host.log(.info, "a resumed run goes on approximately: \(approximation)")
    }
  }

  func reset(seed: UInt64, task: TaskDescription) throws { try made.reset(seed: seed, task: task) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(LightGBM.self, to: args, license: "Apache-2.0", author: "Trainyard")
}
