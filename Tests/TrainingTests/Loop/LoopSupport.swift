import Testing

@testable import Training

/// What happened, in order, in words: "a batch_end 0.1" is callback a in on_batch_end of epoch 0, batch 1.
final class Journal {
  private(set) var lines: [String] = []

  func add(_ line: String) { lines.append(line) }

  /// The lines that one party wrote, without its name.
  func lines(of party: String) -> [String] {
    lines.filter { $0.hasPrefix(party + " ") }.map { String($0.dropFirst(party.count + 1)) }
  }
}

struct Fault: Error, CustomStringConvertible {
  var description = "out of luck"
}

/// A callback that writes down its calls and then does what the test says.
final class Probe: LoopCallback {
  let journal: Journal
  var act: (Hook, EventFrame, EffectQueue) throws -> Void
  var resetFails = false

  init(
    _ name: String, _ journal: Journal, hooks: Set<Hook> = Set(Hook.allCases), onError: ErrorPolicy = .fail,
    act: @escaping (Hook, EventFrame, EffectQueue) throws -> Void = { _, _, _ in }
  ) {
    self.journal = journal
    self.act = act
    super.init(name: name, hooks: hooks, onError: onError)
  }

  override func reset() throws {
    journal.add("\(name) reset")
    if resetFails { throw Fault() }
  }

  override func call(_ hook: Hook, _ event: EventFrame) throws {
    var line = "\(name) \(hook.name.dropFirst(3))"
    if event.epoch >= 0 { line += " \(event.epoch)" }
    if event.batch >= 0 { line += ".\(event.batch)" }
    if event.outcome != .running { line += " \(event.outcome.name)" }
    journal.add(line)
    try act(hook, event, effects)
  }
}

/// A model whose loss is the mean of the targets, whatever it has learned; its one weight remembers the rows that it
/// was trained on, and their order.
final class MeanModel: LoopModel {
  let name = "mean"
  let journal: Journal
  let weight = Tensor(zeros: .float32, shape: [1])
  private var prediction = Tensor(zeros: .float32, shape: [64])
  private var rate = 0.5
  var optimizerSteps = 1
  var onTrain: (_ call: Int) throws -> Void = { _ in }
  var onEvaluate: () throws -> Void = {}
  private var trained = 0

  init(_ journal: Journal = Journal()) { self.journal = journal }

  func reset(seed: UInt64, task: LearningTask) throws {
    journal.add("model reset")
    var stream = RandomStream(seed: seed, name: "weights")
    weight.floats[0] = Float(stream.nextDouble())
    rate = 0.5
    trained = 0
    snapshots = [:]
  }

  func describe() throws -> ModelFacts { ModelFacts(task: .regression, width: 0) }

  func trainStep(_ batch: Batch, _ result: StepResult) throws {
    journal.add("model train_step")
    trained += 1
    try onTrain(trained)
    answer(batch, result)
    result.optimizerSteps = optimizerSteps
    for x in batch.features.floats { weight.floats[0] = weight.floats[0] * 0.75 + x * Float(rate) }
  }

  func evaluate(_ batch: Batch, _ result: StepResult) throws {
    journal.add("model evaluate")
    try onEvaluate()
    answer(batch, result)
  }

  private func answer(_ batch: Batch, _ result: StepResult) {
    var (loss, total) = (0.0, 0.0)
    for row in 0..<batch.rows {
      let weight = batch.weight.map { Double($0.floats[row]) } ?? 1
      loss += weight * (batch.target?.value(at: row) ?? 0)
      total += weight
    }
    result.loss = loss / total
    result.weight = total
    result.prediction = prediction.prefix(rows: batch.rows)
  }

  func weights() throws -> [NamedTensor] { [NamedTensor(name: "w", tensor: weight)] }

  func assign(_ weights: [NamedTensor]) throws {
    guard let new = weights.first(where: { $0.name == "w" }) else { throw Fault(description: "no w") }
    weight.floats[0] = new.tensor.floats[0]
  }

  let parameterNames = ["learning_rate"]
  func parameter(_ name: String) -> Double? { name == "learning_rate" ? rate : nil }
  func setParameter(_ name: String, _ value: Double) throws {
    guard name == "learning_rate" else { throw Fault(description: "no hyper-parameter '\(name)'") }
    rate = value
  }

  var hasSnapshots = false
  private(set) var snapshots: [Int: Float] = [:]
  func takeSnapshot(_ number: Int) throws { snapshots[number] = weight.floats[0] }
  func restoreSnapshot(_ number: Int) throws {
    guard let kept = snapshots[number] else { throw Fault(description: "no snapshot \(number)") }
    weight.floats[0] = kept
  }
  func dropSnapshot(_ number: Int) throws { snapshots[number] = nil }

  func saveState() throws -> StateTable { ["trained": .int(Int64(trained))] }
  func loadState(_ state: StateTable) throws {
    if case .int(let value)? = state["trained"] { trained = Int(value) }
  }
}

/// A monitor that publishes what the test says, or counts rows.
final class CountingMonitor: LoopMonitor {
  let name: String
  let effects = EffectQueue()
  let isSample: Bool
  private let journal: Journal
  private let metrics: MetricTable
  private var metric = 0
  private var rows = 0
  private var passes = 0
  var onUpdate: (_ rows: Int) throws -> Void = { _ in }
  /// What is published after so many rows in this pass; nothing for `nil`.
  var value: (_ rows: Int, _ pass: Int) throws -> Double? = { rows, _ in Double(rows) }

  init(_ name: String, _ journal: Journal, _ metrics: MetricTable, isSample: Bool = false) {
    self.name = name
    self.journal = journal
    self.metrics = metrics
    self.isSample = isSample
  }

  func reset() throws {
    journal.add("\(name) reset")
    passes = 0
  }

  func prepare(_ task: LearningTask) throws {
    metric = metrics.declare(name, .max, .epoch, by: "monitor '\(name)'")
  }

  func passBegin(_ pass: Pass) throws {
    journal.add("\(name) pass_begin")
    rows = 0
    passes += 1
  }

  func update(_ batch: Batch, prediction: Tensor) throws {
    rows += prediction.count
    try onUpdate(rows)
  }

  func compute() throws {
    journal.add("\(name) compute")
    if let value = try value(rows, passes) { effects.append(.publish(metric: metric, value: value)) }
  }

  func saveState() throws -> StateTable { ["rows": .int(Int64(rows)), "passes": .int(Int64(passes))] }
  func loadState(_ state: StateTable) throws {
    if case .int(let value)? = state["rows"] { rows = Int(value) }
    if case .int(let value)? = state["passes"] { passes = Int(value) }
  }
}

/// A target that keeps what reaches it.
final class KeepingTarget: SilentTarget {
  var recordsAll = false
  private(set) var lines: [String] = []
  private(set) var files: [String] = []
  private(set) var saved: [Float] = []
  private(set) var events: [String] = []
  private(set) var checkpoints = 0
  private(set) var epochs: [Epoch] = []
  var onCheckpoint: () throws -> Void = {}
  var isDue: (RunPosition) -> Bool = { _ in false }
  private(set) var states: [RunState] = []

  override func log(_ level: LogLevel, _ text: String, from part: String) {
    lines.append("\(level): \(text)")
  }
  override func startFile(_ path: String) throws { files.append("start \(path)") }
  override func appendFile(_ path: String, _ bytes: [UInt8]) throws {
    files.append("append \(path) \(bytes)")
  }
  override func removeFile(_ path: String) throws { files.append("remove \(path)") }
  override func saveWeights(_ weights: [NamedTensor], to path: String) throws {
    guard !path.hasPrefix("/") else { throw Fault(description: "no place for \(path)") }
    saved += weights.map { $0.tensor.floats[0] }
  }
  override func isCheckpointDue(at position: RunPosition, step: Int) -> Bool { isDue(position) }
  override func checkpoint(_ trainer: Trainer, because reason: CheckpointReason) throws {
    if reason == .ended { return }
    checkpoints += 1
    states.append(try trainer.state())
    try onCheckpoint()
  }
  override func records(_ hook: Hook) -> Bool { recordsAll }
  override func record(_ event: EventFrame) { events.append(event.hook.name) }
  override func record(_ effects: [Effect], by callback: String, in hook: Hook) {
    events.append("\(callback): \(effects.count) effects in \(hook.name)")
  }
  override func epochEnded(_ epoch: Epoch) throws { epochs.append(epoch) }
}

/// All that a training needs, in memory: 4 rows in batches of 2 and 2 rows of validation, unless told otherwise.
final class Rig {
  let journal = Journal()
  let metrics = MetricTable()
  let model: MeanModel
  let target = KeepingTarget()
  let interruption = Interruption()
  var callbacks: [LoopCallback] = []
  var trainingMonitors: [any LoopMonitor] = []
  var validationMonitors: [any LoopMonitor] = []
  var settings = Trainer.Settings()
  var losses: [Float] = [1, 2, 3, 4]
  var weights: [Float]?
  var validationLosses: [Float] = [10, 20]
  var batchSize = 2
  var shuffle = false
  var mode = BatchLoader.Mode.inline
  /// Numbers of rows that cannot be read.
  var failingTrainingRow: Int64?
  var failingValidationRow: Int64?
  var initialWeights: [NamedTensor] = []

  init(epochs: Int = 1) {
    model = MeanModel(journal)
    settings.epochs = epochs
  }

  @discardableResult
  func add(
    _ name: String, hooks: Set<Hook> = Set(Hook.allCases), onError: LoopCallback.ErrorPolicy = .fail,
    act: @escaping (Hook, EventFrame, EffectQueue) throws -> Void = { _, _, _ in }
  ) -> Probe {
    let probe = Probe(name, journal, hooks: hooks, onError: onError, act: act)
    callbacks.append(probe)
    return probe
  }

  func trainer() throws -> Trainer {
    let training = try loader(losses, weights, .train, failingTrainingRow)
    let validation =
      validationLosses.isEmpty ? nil : try loader(validationLosses, nil, .validation, failingValidationRow)
    return Trainer(
      model: model, callbacks: callbacks, trainingMonitors: trainingMonitors,
      validationMonitors: validationMonitors, trainingData: training, validationData: validation,
      task: LearningTask(kind: .regression, featureShape: [1], outputWidth: 1), metrics: metrics,
      settings: settings, initialWeights: initialWeights, target: target, interruption: interruption)
  }

  func fit() throws -> FitResult { try trainer().fit() }

  private func loader(
    _ losses: [Float], _ weights: [Float]?, _ pass: Pass, _ failingRow: Int64?
  ) throws -> BatchLoader {
    var columns = [MemorySource.Column.rowNumbers(losses.count), .floats("y", losses, role: .target)]
    if let weights { columns.append(.floats("weight", weights, role: .weight)) }
    let source = try StreamingSource(columns)
    let plan = try TargetPlan.infer(.auto, source: source)
    let fitted = try FittedPreprocessing.fit(
      Preprocessing(), source: source, rows: source.allRows, target: plan)
    source.failingRow = failingRow
    return try BatchLoader(
      assembler: try BatchAssembler(source: source, preprocessing: fitted), rows: source.allRows,
      batchSize: batchSize, shuffle: shuffle, seed: settings.seed, mode: mode, pass: pass)
  }
}
