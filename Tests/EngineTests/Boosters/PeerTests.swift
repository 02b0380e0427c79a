import Support
import Testing
import Trainyard

/// The same shared library, parameters, data and seed on both sides: trained by Trainyard, and by the engine's own Python
/// package.
@Suite(.enabled(if: BoosterProgram.python != nil)) struct PeerTests {
  typealias Engine = BoosterProgram.Engine
  typealias Task = BoosterProgram.Task

  private static let parameters: [Engine: [(name: String, value: String)]] = [
    .xgboost: [
      ("max_depth", "4"), ("eta", "0.2"), ("subsample", "0.8"), ("colsample_bytree", "0.8"),
      ("tree_method", "\"hist\""), ("seed", "11"),
    ],
    .lightgbm: [
      ("num_leaves", "13"), ("learning_rate", "0.2"), ("bagging_fraction", "0.8"), ("bagging_freq", "1"),
      ("feature_fraction", "0.8"), ("min_data_in_leaf", "5"), ("deterministic", "true"),
      ("force_col_wise", "true"), ("seed", "11"),
    ],
  ]

  /// What Trainyard adds itself.
  private static func added(_ engine: Engine, _ task: Task) -> [(name: String, value: String)] {
    let objectives: [Task: (String, String)] = [
      .binary: ("binary:logistic", "binary"), .classes: ("multi:softprob", "multiclass"),
      .regression: ("reg:squarederror", "regression"), .ranking: ("rank:ndcg", "lambdarank"),
    ]
    let (xgboost, lightgbm) = objectives[task] ?? ("", "")
    var added = [("objective", engine == .xgboost ? "\"\(xgboost)\"" : "\"\(lightgbm)\"")]
    if task == .classes { added.append(("num_class", "3")) }
    added.append((engine == .xgboost ? "nthread" : "num_threads", "1"))
    if engine == .xgboost {
      added.append(("eval_metric", "\"\(task == .classes ? "mlogloss" : "logloss")\""))
    }
    return added
  }

  private static func yaml(_ engine: Engine) -> String {
    (parameters[engine] ?? []).map { "\($0.name): \($0.value)" }.joined(separator: ", ")
  }

  private static func settings(_ engine: Engine, _ task: Task, rounds: Int, _ more: String = "") -> String {
    let all = (parameters[engine] ?? []) + added(engine, task)
    let own = all.filter { task != .regression && task != .ranking || $0.name != "eval_metric" }
    let table = own.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ", ")
    return "{\"rounds\": \(rounds), \(more)\"parameters\": {\(table)}}"
  }

  @Test(arguments: Engine.allCases, Task.allCases)
  func `predictions are those of the engine's own package, bit by bit`(engine: Engine, task: Task) throws {
    let program = try BoosterProgram()
    let isWeighted = task == .regression
    try program.write(
      "p.yaml", engine, task, parameters: Self.yaml(engine), rounds: 25, weighted: isWeighted,
      callbacks: "[csv-logger]")
    let trained = try program.run(["run", "p.yaml", "--name", "one"])
    #expect(trained.status == 0, "\(trained.errors)")
    let predicted = try program.predict("one", task)
    #expect(predicted.status == 0, "\(predicted.errors)")
    let more = isWeighted ? "\"weighted\": true, " : ""
    #expect(
      try program.compare(engine, task, Self.settings(engine, task, rounds: 25, more))
        == "equal best 25 varied")
  }

  @Test(arguments: Engine.allCases)
  func `early stopping ends with the round that the package calls the best, and its trees`(engine: Engine)
    throws
  {
    let program = try BoosterProgram()
    try program.write(
      "p.yaml", engine, .binary, parameters: Self.yaml(engine), rounds: 200,
      callbacks: "[{plugin: early-stopping, monitor: val_loss, patience: 4, restore_best_weights: true}]")
    let trained = try program.run(["run", "p.yaml", "--name", "one"])
    #expect(trained.status == 0, "\(trained.errors)")
    _ = try program.predict("one", .binary)
    let answer = try program.compare(
      engine, .binary, Self.settings(engine, .binary, rounds: 200, "\"patience\": 4, "))
    #expect(answer.hasPrefix("equal "))
    let best = try #require(answer.split(separator: " ").dropFirst(2).first)
    #expect(trained.output.contains(" in epoch \(best))"), "\(trained.output)\(answer)")
  }

  @Test(arguments: Engine.allCases)
  func `an objective of the user's does what it does in the package`(engine: Engine) throws {
    let program = try BoosterProgram()
    _ = try compileLibrary(
      [BoosterProgram.fixtures + "/objective.c"], as: "squared",
      in: program.folder)
    try program.write(
      "p.yaml", engine, .regression,
      parameters: Self.yaml(engine) + ", objective_library: ./libsquared.so", rounds: 15)
    let trained = try program.run(["run", "p.yaml", "--name", "one"])
    #expect(trained.status == 0, "\(trained.errors)")
    _ = try program.predict("one", .regression)
    #expect(
      try program.compare(
        engine, .regression, Self.settings(engine, .regression, rounds: 15, "\"custom\": true, "))
        == "equal best 15 varied")
    let broken = try program.run(["run", "p.yaml", "--set", "model.objective_symbol=broken", "--name", "two"])
    #expect(broken.status == 1)
    #expect(broken.errors.contains("the objective 'broken' returned 7"), "\(broken.errors)")
  }
}
