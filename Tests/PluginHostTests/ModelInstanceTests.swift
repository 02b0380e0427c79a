import CTrainyard
import PluginHost
import Support
import Testing

/// What models, monitors and datasets answer, and how it is checked.
@Suite struct ModelInstanceTests {
  let fixture: Fixture
  let services = RecordingServices()

  init() throws { fixture = try Fixture() }

  private func model(_ statements: String = "", _ functions: String = "") throws -> ModelInstance {
    try ModelInstance(
      component: try fixture.component("a-model", statements, functions), name: "model", options: [:],
      services: services)
  }

  private func withTask<R>(_ kind: Int32, width: Int64 = 1, _ body: (UnsafePointer<ty_task>) throws -> R)
    rethrows -> R
  {
    var task = ty_task()
    task.struct_size = UInt32(MemoryLayout<ty_task>.size)
    task.task = UInt32(kind)
    task.output_width = width
    return try body(&task)
  }

  private func step(_ model: ModelInstance, rows: Int64 = 2) throws -> ty_step {
    var batch = ty_batch()
    batch.struct_size = UInt32(MemoryLayout<ty_batch>.size)
    batch.rows = rows
    var step = ty_step()
    try model.trainStep(&batch, &step)
    return step
  }

  @Test func `a model trains after a reset`() throws {
    let model = try model()
    #expect(throws: HostError.self) { try step(model) }
    #expect(throws: HostError.self) { try model.describe() }
    try withTask(TY_TASK_BINARY) { try model.reset(seed: 1, task: $0) }
    #expect(model.state == .ready)
    #expect(try model.describe().task == UInt32(TY_TASK_BINARY))
    let first = try step(model)
    #expect(first.loss == 0.5)
    #expect(first.optimizer_steps == 1)
    #expect(model.state == .running)
  }

  @Test func `slots that a model lacks have plain answers`() throws {
    let model = try model()
    try withTask(TY_TASK_BINARY) { try model.reset(seed: 1, task: $0) }
    #expect(try model.weightCount() == 0)
    #expect(!model.canAssign && !model.hasSnapshots && !model.savesState)
    #expect(try model.parameterName(0) == nil)
    #expect(try model.parameter("learning_rate") == nil)
    #expect(try error(PluginFailure.self) { try model.setParameter("x", 1) }?.code == TY_UNSUPPORTED)
    #expect(try error(PluginFailure.self) { try model.takeSnapshot(0) }?.code == TY_UNSUPPORTED)
    #expect(try error(PluginFailure.self) { try model.assign([]) }?.code == TY_UNSUPPORTED)
    var weight = ty_weight()
    #expect(throws: HostError.self) { try model.weight(0, into: &weight) }
    #expect(try model.saveState() == [:])
  }

  static let badFacts: [(statement: String, task: Int32, width: Int64, words: String)] = [
    ("facts.task = 3", TY_TASK_BINARY, 1, "the model answers for the task 3, and was reset for the task 1"),
    (
      "facts.prediction.bits = 16", TY_TASK_BINARY, 1,
      "predictions are f32 or f64, and the model says code 2 of 16 bits"
    ),
    (
      "facts.width = -1", TY_TASK_BINARY, 1,
      "predictions of this task have width 0 (0: a single number), and the model says -1"
    ),
    (
      "facts.task = 2, facts.width = 3", TY_TASK_CLASSES, 10,
      "predictions of this task have width 10 (0: a single number), and the model says 3"
    ),
  ]

  @Test(arguments: badFacts)
  func `facts that do not fit the task are refused`(
    statement: String, task: Int32, width: Int64, words: String
  ) throws {
    let model = try model(statement)
    try withTask(task, width: width) { try model.reset(seed: 1, task: $0) }
    #expect(try error(PluginFailure.self) { _ = try model.describe() }?.words == words)
    #expect(try error(PluginFailure.self) { _ = try step(model) }?.words == words)
  }

  static let badSteps: [(statement: String, words: String)] = [
    ("prediction.data = NULL", "the prediction has no data"),
    ("prediction.ndim = 0", "the prediction has shape [], and must have [2]"),
    ("prediction.ndim = 99", "the prediction has 99 dimensions"),
    ("prediction.ndim = 2", "the prediction has shape [2, 1], and must have [2]"),
    ("prediction_shape[0] = 3", "the prediction has shape [3], and must have [2]"),
    ("prediction_shape[0] = -2", "the prediction has -2 in its shape"),
    ("prediction_strides[0] = 2", "the prediction is not contiguous"),
    ("prediction.device.type = 2", "the prediction is on device type 2, not the CPU"),
    (
      "prediction.dtype.bits = 64",
      "the prediction has elements of code 2 and 64 bits, and the model said code 2 and 32 bits"
    ),
    (
      "prediction = (ty_tensor){0}",
      "the prediction has elements of code 0 and 0 bits, and the model said code 2 and 32 bits"
    ),
    ("step_weight = -1", "the sum of the weights is -1.0"),
    ("step_weight = 1e308 * 1e308", "the sum of the weights is inf"),
  ]

  @Test(arguments: badSteps)
  func `a step's answer is checked`(statement: String, words: String) throws {
    let model = try model(statement)
    try withTask(TY_TASK_BINARY) { try model.reset(seed: 1, task: $0) }
    let failure = try error(PluginFailure.self) { _ = try step(model) }
    #expect(failure?.call == "train_step")
    #expect(failure?.words == words)
    #expect(model.state == .failed)
    #expect(throws: HostError.self) { try step(model) }
  }

  static let weights = """
    static uint64_t count = 1;
    static ty_weight own = {sizeof(ty_weight), 1, "layer.weight", {0}};
    static double rate = 0.5;
    static uint64_t weight_count(void *self) { (void)self; return count; }
    static ty_status weight(void *self, uint64_t index, ty_weight *answer) {
      (void)self;
      if (index >= 1) return TY_FAILED;
      *answer = own;
      return TY_OK;
    }
    static ty_status assign(void *self, const ty_weight *const *weights, uint64_t number) {
      const ty_host *host = ((instance *)self)->host;
      for (uint64_t i = 0; i < number; i++) host->log(host, TY_LOG_INFO, weights[i]->name);
      return TY_OK;
    }
    static const char *name(void *self, uint64_t index) {
      (void)self;
      return index == 0 ? "learning_rate" : index == 1 ? "\\xff" : NULL;
    }
    static ty_status get(void *self, const char *key, double *value) {
      (void)self;
      if (strcmp(key, "learning_rate") != 0) return TY_UNSUPPORTED;
      *value = rate;
      return TY_OK;
    }
    static ty_status set(void *self, const char *key, double value) {
      (void)self, (void)key;
      rate = value;
      return TY_OK;
    }
    static void use(void) {
      own.tensor = prediction;
      model_table.weight_count = weight_count;
      model_table.weight = weight;
      model_table.assign = assign;
      model_table.parameter_name = name;
      model_table.parameter_get = get;
      model_table.parameter_set = set;
      model_table.snapshot_take = model_table.snapshot_restore = model_table.snapshot_drop = any_slot;
    }
    """

  @Test func `weights, hyper-parameters and snapshots are within reach`() throws {
    let model = try model("use()", Self.weights)
    try withTask(TY_TASK_BINARY) { try model.reset(seed: 1, task: $0) }
    #expect(try model.weightCount() == 1)
    var weight = ty_weight()
    try model.weight(0, into: &weight)
    #expect(String(cString: weight.name) == "layer.weight")
    #expect(throws: PluginFailure.self) { try model.weight(1, into: &weight) }
    #expect(throws: HostError.self) { try model.weight(-1, into: &weight) }
    try model.weight(0, into: &weight)
    try withUnsafePointer(to: weight) { try model.assign([$0]) }
    #expect(services.takeEffects() == ["log info \"layer.weight\""])
    #expect(try model.parameterName(0) == "learning_rate")
    #expect(throws: PluginFailure.self) { try model.parameterName(1) }
    #expect(try model.parameterName(2) == nil)
    #expect(try model.parameter("learning_rate") == 0.5)
    try model.setParameter("learning_rate", 0.25)
    #expect(try model.parameter("learning_rate") == 0.25)
    #expect(try model.parameter("momentum") == nil)
    #expect(model.hasSnapshots)
    try model.takeSnapshot(3)
    try model.restoreSnapshot(3)
    try model.dropSnapshot(3)
    #expect(throws: HostError.self) { try model.takeSnapshot(-1) }
  }

  static let badWeights: [(statement: String, words: String)] = [
    ("own.name = NULL", "weight 0 has a name that is NULL"),
    ("own.tensor.strides = NULL", "weight 0 'layer.weight' has no shape or no strides"),
    (
      "own.tensor.dtype.lanes = 4",
      "weight 0 'layer.weight' has the element type (code 2, 32 bits, 4 lanes), which does not exist"
    ),
  ]

  @Test(arguments: badWeights)
  func `a weight that cannot be read is refused`(statement: String, words: String) throws {
    let model = try model("use(), \(statement)", Self.weights)
    try withTask(TY_TASK_BINARY) { try model.reset(seed: 1, task: $0) }
    var weight = ty_weight()
    #expect(try error(PluginFailure.self) { try model.weight(0, into: &weight) }?.words == words)
  }

  @Test func `an absurd number of weights is refused`() throws {
    let model = try model("use(), count = UINT64_MAX", Self.weights)
    try withTask(TY_TASK_BINARY) { try model.reset(seed: 1, task: $0) }
    #expect(
      try error(PluginFailure.self) { _ = try model.weightCount() }?.words
        == "the model says that it has 18446744073709551615 weights")
  }
}
