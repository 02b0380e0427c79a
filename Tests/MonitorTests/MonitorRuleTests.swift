import CTrainyard
import PluginHost
import Support
import Testing
import Trainyard

/// What scikit-learn does not say: NaN, names, files, and what is refused.
@Suite struct MonitorRuleTests {
  static let binary = RecordedRows(
    task: "binary", target: [0, 1, 1, 0], prediction: [0.25, 0.75, .nan, 0.625])
  static let classes = RecordedRows(
    task: "classes", width: 3, target: [0, 1, 2],
    prediction: [0.5, 0.25, 0.25, .nan, 1, 0, 0.25, 0.25, 0.5])
  static let regression = RecordedRows(task: "regression", target: [1, 2, 3], prediction: [1, .nan, 3])
  static let ranking = RecordedRows(
    task: "ranking", target: [1, 0, 2, 1], prediction: [3, 2, .nan, 1], group: [1, 1, 2, 2])

  static let nanRules: [(id: String, rows: RecordedRows, name: String, value: Double)] = [
    ("accuracy", binary, "accuracy", 0.5),
    ("accuracy", classes, "accuracy", 2.0 / 3),
    ("top-k-accuracy", classes, "top_k_accuracy", 2.0 / 3),
    ("precision", binary, "precision", 0.5),
    ("recall", binary, "recall", 0.5),
    ("f1", binary, "f1", 0.5),
    ("confusion-matrix", binary, "balanced_accuracy", 0.75),
    ("cohen-kappa", binary, "cohen_kappa", .nan),
    ("roc-auc", binary, "roc_auc", .nan),
    ("pr-auc", classes, "pr_auc", .nan),
    ("log-loss", binary, "log_loss", .nan),
    ("brier", classes, "brier", .nan),
    ("calibration-error", binary, "calibration_error", .nan),
    ("mean-absolute-error", regression, "mean_absolute_error", .nan),
    ("root-mean-squared-error", regression, "root_mean_squared_error", .nan),
    ("quantile-loss", regression, "quantile_loss", .nan),
    ("r2", regression, "r2", .nan),
    ("explained-variance", regression, "explained_variance", .nan),
    ("ndcg", ranking, "ndcg", .nan),
  ]

  @Test(arguments: nanRules)
  func `a prediction that is NaN is wrong, or makes the value NaN`(
    id: String, rows: RecordedRows, name: String, value: Double
  ) throws {
    let options: [String: JSONValue] = id == "top-k-accuracy" ? ["k": 1] : [:]
    let found = try MonitorProbe(id, options: options).measure(rows, type: "f64")
    let measured = try #require(found[name]?.first)
    #expect(measured == value || (measured.isNaN && value.isNaN), "\(measured)")
  }

  @Test func `a prediction that names no class counts as one of its own for the correlation`() throws {
    // As scikit-learn has it for a third class that is only predicted.
    let found = try MonitorProbe("matthews-correlation").measure(Self.binary, type: "f64")
    #expect(abs((found["matthews_correlation"]?.first ?? 0) - 0.22360679774997896) < 1e-15)
  }

  @Test func `an infinite loss is infinite`() throws {
    let rows = RecordedRows(task: "regression", target: [1, 2], prediction: [.infinity, 2])
    #expect(try MonitorProbe("mean-absolute-error").measure(rows) == ["mean_absolute_error": [.infinity]])
  }

  // MARK: - Names

  @Test func `an instance publishes under its own name`() throws {
    let probe = try MonitorProbe("top-k-accuracy", name: "top-2", options: ["k": 2])
    #expect(try probe.measure(Self.classes) == ["top_2": [2.0 / 3]])
    #expect(probe.services.declared == ["top_2"])
    #expect(probe.services.directions["top_2"] == UInt32(TY_DIRECTION_MAX))
  }

  static let partNames: [(names: [String], metrics: [String])] = [
    (["a b", "c", "d/e"], ["precision_a_b", "precision_c", "precision_d_e"]),
    (["a b", "a_b", "c"], ["precision_0", "precision_1", "precision_2"]),
    ([], ["precision_0", "precision_1", "precision_2"]),
  ]

  @Test(arguments: partNames)
  func `classes name their metrics, by number where names would clash`(
    names: [String], metrics: [String]
  ) throws {
    var rows = Self.classes
    rows.classNames = names
    let probe = try MonitorProbe("precision", options: ["average": "none"])
    try probe.begin(rows)
    #expect(probe.services.declared == metrics)
  }

  @Test func `errors fall and scores rise`() throws {
    let falling: Set = [
      "brier", "calibration-error", "log-loss", "mean-absolute-error", "mean-squared-error", "quantile-loss",
      "root-mean-squared-error",
    ]
    for id in MonitorTests.monitors {
      let probe = try MonitorProbe(id)
      let name = try #require(probe.services.declared.first)
      let direction = falling.contains(id) ? TY_DIRECTION_MIN : TY_DIRECTION_MAX
      #expect(probe.services.directions[name] == UInt32(direction), "\(id)")
    }
  }

  // MARK: - The confusion matrix's file

  @Test func `the confusion matrix is a file of the run, with a block for each pass`() throws {
    var rows = RecordedRows(
      task: "classes", width: 2, target: [0, 1, 1], prediction: [1, 0, 0.25, 0.75, 1, 0])
    rows.classNames = ["a,b", "c"]
    let probe = try MonitorProbe("confusion-matrix")
    probe.services.facts = ty_run_facts()
    probe.services.folder = "runs/1"
    try probe.begin(rows, pass: TY_PASS_VALIDATION)
    try probe.update(rows, cuts: [], type: "f32")
    _ = try probe.compute()
    let file = "val_confusion_matrix.csv"
    #expect(
      probe.services.takeEffects().suffix(3) == [
        "publish confusion_matrix [1.0, 0.0, 1.0, 1.0]", "start \(file)",
        "append \(file) \"pass,target,\"a,b\",c\n0,\"a,b\",1,0\n0,c,1,1\n\"",
      ])
    try probe.instance.passBegin(UInt32(TY_PASS_VALIDATION))
    try probe.update(rows, 0..<1, type: "f32")
    _ = try probe.compute()
    #expect(probe.services.takeEffects().suffix(1) == ["append \(file) \"1,\"a,b\",1,0\n1,c,0,0\n\""])
  }

  @Test func `a run without a folder has no file`() throws {
    let probe = try MonitorProbe("confusion-matrix")
    probe.services.facts = ty_run_facts()
    _ = try probe.measure(Self.classes, type: "f64")
    #expect(!probe.services.effects.contains { $0.hasPrefix("append") })
  }

  // MARK: - What is refused

  static let refusals: [(id: String, options: [String: JSONValue], rows: RecordedRows, words: String)] = [
    ("accuracy", [:], regression, "accuracy serves binary and classes tasks, and this one is regression"),
    ("r2", [:], binary, "r2 serves regression tasks, and this one is binary"),
    ("ndcg", [:], binary, "ndcg serves ranking tasks, and this one is binary"),
    ("top-k-accuracy", [:], binary, "top-k-accuracy serves classes tasks, and this one is binary"),
    (
      "precision", ["average": "binary"], classes, "precision has average: binary, and the task has 3 classes"
    ),
    ("roc-auc", ["multi_class": "ovo", "average": "micro"], classes, "ovo does not go with average: micro"),
    (
      "roc-auc", ["multi_class": "ovo"],
      RecordedRows(
        task: "classes", width: 2, target: [0, 1], prediction: [1, 0, 0, 1], weight: [1, 2]),
      "ovo is not defined for rows with weights"
    ),
    (
      "recall", [:], RecordedRows(task: "binary", target: [0, 2], prediction: [0, 1]),
      "target 2.0 in row 1 of a batch is none of the classes 0 to 1"
    ),
    (
      "f1", [:], RecordedRows(task: "binary", target: [0, 0.5], prediction: [0, 1]),
      "target 0.5 in row 1 of a batch is none of the classes 0 to 1"
    ),
    ("ndcg", [:], RecordedRows(task: "ranking", target: [0], prediction: [1]), "a batch without a group"),
    (
      "ndcg", [:], RecordedRows(task: "ranking", target: [-1], prediction: [1], group: [1]),
      "relevance cannot be below 0"
    ),
  ]

  @Test(arguments: refusals)
  func `what a monitor cannot measure is refused in words`(
    id: String, options: [String: JSONValue], rows: RecordedRows, words: String
  ) throws {
    let error = #expect(throws: PluginFailure.self) {
      try MonitorProbe(id, options: options).measure(rows, type: "f64")
    }
    #expect(error?.words.contains(words) == true, "\(error?.words ?? "no error")")
  }

  @Test func `predictions of another width than the task's are refused`() throws {
    let probe = try MonitorProbe("accuracy")
    try probe.begin(Self.classes)
    let error = #expect(throws: PluginFailure.self) {
      try probe.update(
        RecordedRows(task: "classes", width: 2, target: [0], prediction: [0, 1]), 0..<1, type: "f32")
    }
    #expect(error?.words.contains("predictions of shape [1, 2], where [1, 3] was expected") == true)
  }

  @Test func `parts of another task are not merged`() throws {
    let one = try MonitorProbe("precision")
    let other = try MonitorProbe("precision")
    try one.begin(Self.binary)
    try other.begin(Self.classes)
    #expect(throws: PluginFailure.self) { try one.instance.merge(other.instance) }
  }

  @Test func `state of another size is no state of this task`() throws {
    let probe = try MonitorProbe("precision")
    try probe.begin(Self.classes)
    try probe.update(Self.classes, cuts: [], type: "f64")
    var saved = try probe.instance.saveState()
    let keys = saved.keys.filter { $0.hasSuffix("hits.sums") }
    #expect(keys.count == 1)
    for key in keys {
      saved[key] = .tensor(
        dtypeCode: UInt8(TY_DTYPE_FLOAT), dtypeBits: 64, shape: [1], bytes: Array(repeating: 0, count: 8))
    }
    // Loaded after preparing, so that nothing but the update can notice.
    try probe.instance.reset()
    try probe.prepare(Self.classes)
    try probe.instance.loadState(saved)
    let error = #expect(throws: PluginFailure.self) { try probe.update(Self.classes, cuts: [], type: "f64") }
    #expect(error?.words.contains("damaged") == true)
  }
}
