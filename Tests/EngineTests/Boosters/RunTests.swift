import Support
import Testing
import Trainyard

/// Runs of the boosters as a user meets them.
@Suite(.enabled(if: BoosterProgram.python != nil)) struct BoosterRunTests {
  typealias Engine = BoosterProgram.Engine

  private static let parameters: [Engine: String] = [
    .xgboost: "max_depth: 3, eta: 0.2", .lightgbm: "num_leaves: 7, learning_rate: 0.2",
  ]
  private static let file: [Engine: String] = [.xgboost: "model.ubj", .lightgbm: "model.txt"]

  private func parameters(_ engine: Engine) -> String { Self.parameters[engine] ?? "" }

  @Test(arguments: Engine.allCases)
  func `a run that was killed goes on, and ends with the same trees`(engine: Engine) throws {
    let program = try BoosterProgram()
    _ = try compileComponents(
      "callback_table.on_epoch_end = strikes",
      """
      #include <signal.h>
      #include <unistd.h>
      static ty_status strikes(void *self, const ty_event *event) {
        (void)self;
        if (event->epoch == 7 && unlink("armed") == 0) raise(SIGKILL);
        return TY_OK;
      }
      """, as: "strikes", in: program.folder)
    try program.write(
      "p.yaml", engine, .classes, parameters: parameters(engine), rounds: 14,
      callbacks:
        "[{plugin: early-stopping, monitor: val_loss, patience: 9, restore_best_weights: true}, csv-logger, ./libstrikes.so]",
      more: "checkpoints: {every_epochs: 3}")
    #expect(try program.run(["run", "p.yaml", "--name", "whole"]).status == 0)
    try program.folder.write("armed", "")
    #expect(try program.run(["run", "p.yaml", "--name", "one"]).status == 137)
    let resumed = try program.run(["resume", "runs/one"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    for name in ["model/\(Self.file[engine] ?? "")", "log.csv"] {
      #expect(
        try readFile(program.folder("runs/one/\(name)"))
          == readFile(program.folder("runs/whole/\(name)")), "\(name)")
    }
  }

  @Test(arguments: Engine.allCases)
  func `one instance serves every fold as a new one would`(engine: Engine) throws {
    let program = try BoosterProgram()
    try program.write(
      "p.yaml", engine, .regression, parameters: parameters(engine), rounds: 6,
      more: "cross_validation: {folds: 3}")
    // Folds are of the training rows.
    let text = try readText(program.folder("p.yaml")).split(separator: "\n")
      .filter { !$0.contains("validation: {dataset") }.joined(separator: "\n")
    try program.folder.write("p.yaml", text)
    func scores(_ more: [String]) throws -> String {
      let result = try program.run(["cross-validate", "p.yaml"] + more)
      #expect(result.status == 0, "\(result.errors)")
      return result.output.split(separator: "\n").filter { $0.contains("val_loss") }.joined(separator: "\n")
    }
    let used = try scores(["--name", "used", "--workers", "1"])
    #expect(!used.isEmpty)
    #expect(try scores(["--name", "fresh", "--fresh", "--workers", "1"]) == used)
  }

  @Test(arguments: Engine.allCases)
  func `what features were worth is a file of the run, and the engine's own file lies in its model`(
    engine: Engine
  )
    throws
  {
    let program = try BoosterProgram()
    try program.write("p.yaml", engine, .binary, parameters: parameters(engine), rounds: 5)
    #expect(try program.run(["run", "p.yaml", "--name", "one"]).status == 0)
    let lines = try readText(program.folder("runs/one/feature-importance.csv")).split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines.first?.hasPrefix("feature,gain,") == true)
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("x") })
    #expect(!(try readFile(program.folder("runs/one/model/\(Self.file[engine] ?? "")"))).isEmpty)
    let evaluated = try program.run([
      "evaluate", "runs/one", "--data", "csv:file=binary-test.csv,target=y,target_type=category,ignore=[w,q]",
      "--monitor", "roc-auc",
    ])
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    #expect(evaluated.output.contains("roc_auc"))
  }

  @Test(arguments: Engine.allCases)
  func `training goes on from an earlier model`(engine: Engine) throws {
    let program = try BoosterProgram()
    try program.write("p.yaml", engine, .binary, parameters: parameters(engine), rounds: 5)
    #expect(try program.run(["run", "p.yaml", "--name", "five"]).status == 0)
    #expect(try program.run(["run", "p.yaml", "--epochs", "10", "--name", "ten"]).status == 0)
    let on = try program.run([
      "run", "p.yaml", "--set", "model.initial_weights=runs/five/model/weights.safetensors", "--name", "on",
    ])
    #expect(on.status == 0, "\(on.errors)")
    let file = Self.file[engine] ?? ""
    #expect(
      try readFile(program.folder("runs/on/model/\(file)"))
        == readFile(program.folder("runs/ten/model/\(file)")))
  }

  @Test func `rankings are measured by ndcg, whatever the order of the rows`() throws {
    let program = try BoosterProgram()
    let rows = try readText(program.folder("ranking-train.csv")).split(separator: "\n").map { String($0) }
    // The rows of a group no longer stand together.
    let mixed = (0..<10).flatMap { offset in
      stride(from: offset, to: rows.count - 1, by: 10).map { rows[$0 + 1] }
    }
    for order in ["grouped", "mixed"] {
      if order == "mixed" {
        try program.folder.write("ranking-train.csv", ([rows[0]] + mixed).joined(separator: "\n") + "\n")
      }
      for engine in Engine.allCases {
        try program.write(
          "p.yaml", engine, .ranking, parameters: parameters(engine), rounds: 8,
          more: "monitors: [{plugin: ndcg, k: 5}]")
        let answer = try program.run(["run", "p.yaml", "--name", "\(engine)-\(order)"])
        #expect(answer.status == 0, "\(answer.errors)")
        #expect(answer.output.contains("val_ndcg"))
      }
    }
    for engine in Engine.allCases {
      // Groups are met in the same order, and the rows of each too: the same trees, and the same measures.
      for file in ["model/\(Self.file[engine] ?? "")", "metrics.csv"] {
        #expect(
          try readFile(program.folder("runs/\(engine)-mixed/\(file)"))
            == readFile(program.folder("runs/\(engine)-grouped/\(file)")), "\(engine): \(file)")
      }
      #expect(try readText(program.folder("runs/\(engine)-mixed/metrics.csv")).contains("val_ndcg"))
    }
  }

  @Test func `what is wrong with parameters is said in words`() throws {
    let program = try BoosterProgram()
    let cases: [(Engine, String, String)] = [
      (.xgboost, "max_dept: 3", "did you mean 'max_depth'?"),
      (.xgboost, "eta: -1", "should be greater equal to 0"),
      (.xgboost, "eval_metric: auc", "metrics are monitors' work"),
      (.xgboost, "objective: rank:ndcg", "does not answer a binary task"),
      (.xgboost, "nthread: 3", "say 'threads'"),
      (.xgboost, "library: ./nothing.so", "pip install xgboost-cpu"),
      (.lightgbm, "num_leafes: 3", "did you mean 'num_leaves'?"),
      (.lightgbm, "num_leaves: 1", "num_leaves"),
      (.lightgbm, "n_estimators: 9", "say 'epochs' under 'train'"),
      (.lightgbm, "objective: lambdarank", "does not answer a binary task"),
      (.lightgbm, "eta: 0.1, learning_rate: 0.1", "says 'learning_rate' a second time"),
      (.lightgbm, "library: ./nothing.so", "pip install lightgbm"),
    ]
    for (engine, parameters, words) in cases {
      try program.write("p.yaml", engine, .binary, parameters: parameters, rounds: 2)
      let answer = try program.run(["run", "p.yaml"])
      #expect(answer.status != 0)
      #expect(answer.errors.contains(words), "\(parameters): \(answer.errors)")
    }
  }

  @Test func `a library that is not there is named with its package`() throws {
    let program = try BoosterProgram()
    try program.write("p.yaml", .lightgbm, .binary, parameters: "num_leaves: 3", rounds: 2)
    let answer = try program.run(["run", "p.yaml"], after: "unset VIRTUAL_ENV TRAINYARD_LIGHTGBM_LIBRARY")
    #expect(answer.status != 0)
    #expect(answer.errors.contains("LightGBM's library is not installed"), "\(answer.errors)")
    #expect(answer.errors.contains("pip install lightgbm"))
    let shown = try program.run(
      ["inspect", "lightgbm"], after: "unset VIRTUAL_ENV TRAINYARD_LIGHTGBM_LIBRARY")
    #expect(shown.status == 0)
    #expect(shown.output.contains("pip install lightgbm"))
  }

  @Test func `inspect shows the engine's version`() throws {
    let program = try BoosterProgram()
    for (engine, words) in [(Engine.xgboost, "XGBoost "), (.lightgbm, "LightGBM ")] {
      let shown = try program.run(["inspect", engine.rawValue])
      #expect(shown.output.contains(words + "3.") || shown.output.contains(words + "4."), "\(shown.output)")
    }
  }

  @Test func `the system's older XGBoost trains, too`() throws {
    let program = try BoosterProgram()
    let environment = ["TRAINYARD_XGBOOST_LIBRARY": "libxgboost.so.0"]
    let shown = try program.run(["inspect", "xgboost"], environment: environment)
    guard shown.output.contains("says:        XGBoost 1.") else {
      return print("left out: Debian's libxgboost0 is not installed")
    }
    for task in BoosterProgram.Task.allCases {
      try program.write("p.yaml", .xgboost, task, parameters: "max_depth: 3, eta: 0.3", rounds: 5)
      let answer = try program.run(["run", "p.yaml"], environment: environment)
      #expect(answer.status == 0, "\(task): \(answer.errors)")
    }
  }
}
