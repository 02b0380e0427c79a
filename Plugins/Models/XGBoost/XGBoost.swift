import BoosterCore
import PluginKit

/// Gradient boosting by XGBoost, through its C API: one round is one epoch. What it shares with other boosters is in
/// `BoosterCore`.
final class XGBoost: SnapshottingModel {
  static let about = About(
    id: "xgboost", version: "0.1.0",
    summary:
      "Gradient boosted trees by XGBoost: classification, regression, ranking. One boosting round is one epoch."
  )

  @Option("Threads of the engine; without a value those that the run grants.", range: "[1, 4096]")
  var threads: Int?
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

  private var booster: Booster?

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

  var progress: Booster.Progress {
    get { booster?.progress ?? Booster.Progress() }
    set { booster?.progress = newValue }
  }

  func reset(seed: UInt64, task: TaskDescription) throws {
    try made.reset(seed: seed, task: task, threads: threads)
  }
  var facts: ModelFacts { get throws { try made.facts } }
  func trainStep(_ batch: Batch) throws -> StepResult { try made.trainStep(batch) }
  func evaluate(_ batch: Batch) throws -> StepResult { try made.evaluate(batch) }

  var weightCount: Int { booster?.weightCount ?? 0 }
  func weight(at index: Int) throws -> Weight { try made.weight(at: index) }
  func assign(_ weight: Weight, at index: Int) throws { try made.assign(weight, at: index) }

  var parameterNames: [String] { booster?.parameterNames ?? [] }
  func parameter(_ name: String) -> Double? { booster?.parameter(name) }
  func setParameter(_ name: String, to value: Double) throws { try made.setParameter(name, to: value) }

  func takeSnapshot(_ number: Int) throws { try made.takeSnapshot(number) }
  func restoreSnapshot(_ number: Int) throws { try made.restoreSnapshot(number) }
  func dropSnapshot(_ number: Int) throws { try made.dropSnapshot(number) }

  private var made: Booster {
    get throws {
      guard let booster else { throw PluginError("it was not created") }
      return booster
    }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(XGBoost.self, to: args, license: "Apache-2.0", author: "Trainyard")
}
