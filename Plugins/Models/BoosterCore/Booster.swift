import PluginKit

/// What the models over boosting engines share: rounds as epochs, snapshots that are a number of rounds, weights that are
/// the engine's own file, and rows that are handed over once.
public final class Booster {
  /// What a run can change and a checkpoint keeps beside the weights.
  public struct Progress: Codable {
    /// `nil`: as in the options.
    public var learningRate: Double?
    public init() {}
  }
  public var progress = Progress()

  /// All else that a run can change.
  private struct Run {
    var ensemble: (any Ensemble)?
    /// Of the ensemble: it may have more, which are given up when it grows.
    var rounds = 0
    var snapshots: [Int: Snapshot] = [:]
    /// The serialised form of so many rounds.
    var serialised: (rounds: Int, bytes: [UInt8])? = (0, [])
    var warned: Set<String> = []
  }
  private var run = Run()

  private enum Snapshot {
    /// The first rounds of the ensemble that is there.
    case rounds(Int)
    case bytes([UInt8])
  }

  /// They depend on options, data, task and seed alone, and stay while these do.
  private var training: KeptRows?
  private var evaluated: KeptRows?

  private let engine: any Engine
  private let host: Host
  private var task = TaskDescription(kind: .regression, featureShape: [1], outputWidth: 1)
  private var seed: UInt64 = 0
  private let predictions: Predictions
  private let shownBytes = Memory<UInt8>()
  /// One for each kind: the host looks at all weights together.
  private let shownNumbers: [Memory<Double>]

  public init(_ engine: any Engine, host: Host) {
    self.engine = engine
    self.host = host
    predictions = Predictions(inDoubles: engine.traits.predictsDoubles)
    shownNumbers = engine.traits.importanceKinds.map { _ in Memory<Double>() }
  }

  // MARK: A run

  public func reset(seed: UInt64, task: TaskDescription) throws {
    run = Run()
    progress = Progress()
    // Targets are laid out as the task has them, and rows that bins are made from are drawn.
    let isAsBefore =
      seed == self.seed && task.featureCount == self.task.featureCount && task.kind == self.task.kind
      && task.outputWidth == self.task.outputWidth
    if !isAsBefore { (training, evaluated) = (nil, nil) }
    (self.task, self.seed) = (task, seed)
    try engine.configure(task, seed: seed, threads: max(1, task.threads))
    tell()
  }

  public var facts: ModelFacts {
    ModelFacts(
      task: task.kind, width: Predictions.isWide(task) ? task.outputWidth : 0,
      predictsDoubles: engine.traits.predictsDoubles,
      needsFullBatch: true, resumesExactly: engine.traits.approximation == nil)
  }

  /// One round. Loss and prediction are those before it.
  public func trainStep(_ batch: Batch) throws -> StepResult {
    try check(batch)
    let kept = try keptTraining(batch)
    let prediction: TensorView
    if let ensemble = run.ensemble, run.rounds > 0 {
      let isWhole = try ensemble.rounds == run.rounds && ensemble.grows(on: kept.matrix)
      let growing = isWhole ? ensemble : try grow(on: kept.matrix, batch, from: try bytes())
      prediction = try predictions.inBatchOrder(growing.predictTraining(), kept.order, batch.rows, task)
    } else {
      _ = try grow(on: kept.matrix, batch, from: nil)
      prediction = try predictions.constant(batch.rows, task)
    }
    let loss = loss(engine.traits.loss, task.kind, batch, prediction)
    if let ensemble = run.ensemble {
      try ensemble.boost()
      run.rounds = try ensemble.rounds
    }
    tell()
    return StepResult(loss: loss.loss, weight: loss.weight, optimizerSteps: 1, prediction: prediction)
  }

  public func evaluate(_ batch: Batch) throws -> StepResult {
    try check(batch)
    let prediction: TensorView
    if let ensemble = run.ensemble, run.rounds > 0 {
      let rows = try EngineRows(batch, grouped: false)
      let matrix = batch.dataID == 0 ? nil : try evaluatedMatrix(batch, rows)
      let rounds = try ensemble.rounds == run.rounds ? nil : run.rounds
      prediction = try Predictions.shaped(
        try ensemble.predict(rows, matrix, rounds: rounds), batch.rows, task)
    } else {
      prediction = try predictions.constant(batch.rows, task)
    }
    let loss = loss(engine.traits.loss, task.kind, batch, prediction)
    tell()
    return StepResult(loss: loss.loss, weight: loss.weight, optimizerSteps: 0, prediction: prediction)
  }

  /// What the engine has to say, each thing once a run.
  private func tell() {
    for text in EngineLog.takeWarnings() where run.warned.insert(text).inserted { host.log(.warning, text) }
  }

  private func check(_ batch: Batch) throws {
    guard batch.features.width == task.featureCount else {
      throw PluginError(
        "rows of \(batch.features.width) features, where \(task.featureCount) were expected")
    }
  }

  // MARK: Rows

  private func keptTraining(_ batch: Batch) throws -> KeptRows {
    if let training, training.serves(batch) { return training }
    guard batch.target != nil else { throw PluginError("a training batch without a target") }
    // What was built beside other rows does not fit these.
    (training, evaluated) = (nil, nil)
    let rows = try EngineRows(batch, grouped: task.kind == .ranking)
    let new = KeptRows(batch, try engine.matrix(rows, forTraining: true, beside: nil), rows.order)
    training = new
    return new
  }

  private func evaluatedMatrix(_ batch: Batch, _ rows: EngineRows) throws -> any EngineMatrix {
    if let evaluated, evaluated.serves(batch) { return evaluated.matrix }
    evaluated = nil
    let matrix = try engine.matrix(rows, forTraining: false, beside: training?.matrix)
    evaluated = KeptRows(batch, matrix, nil)
    return matrix
  }

  // MARK: Trees

  private func grow(on matrix: any EngineMatrix, _ batch: Batch, from bytes: [UInt8]?) throws -> any Ensemble
  {
    try keepSnapshots()
    // Of rounds that are given up: as many others will come.
    if run.serialised?.rounds != run.rounds { run.serialised = nil }
    let rows = try EngineRows(batch, grouped: task.kind == .ranking)
    let new = try engine.ensemble(on: matrix, rows, from: bytes, learningRate: progress.learningRate)
    run.ensemble = new
    return new
  }

  /// The serialised form of the rounds that count.
  private func bytes() throws -> [UInt8] {
    if let known = run.serialised, known.rounds == run.rounds { return known.bytes }
    let bytes = run.rounds == 0 ? [] : try run.ensemble?.bytes(rounds: run.rounds) ?? []
    run.serialised = (run.rounds, bytes)
    return bytes
  }

  private func replace(with bytes: [UInt8]) throws {
    if bytes == (try self.bytes()) { return }
    let ensemble = bytes.isEmpty ? nil : try engine.ensemble(from: bytes)
    try keepSnapshots()
    run.ensemble = ensemble
    run.rounds = try ensemble?.rounds ?? 0
    run.serialised = (run.rounds, bytes)
  }

  // MARK: Snapshots

  public func takeSnapshot(_ number: Int) throws {
    run.snapshots[number] = engine.traits.truncates ? .rounds(run.rounds) : .bytes(try bytes())
  }

  public func restoreSnapshot(_ number: Int) throws {
    switch run.snapshots[number] {
    // Later rounds stay until it grows: they may be asked for again.
    case .rounds(let rounds): run.rounds = rounds
    case .bytes(let bytes): try replace(with: bytes)
    case nil: throw PluginError("there is no snapshot \(number)")
    }
  }

  public func dropSnapshot(_ number: Int) { run.snapshots[number] = nil }

  /// Before the ensemble goes: a number of rounds says nothing without it.
  private func keepSnapshots() throws {
    guard let ensemble = run.ensemble else {
      for (number, snapshot) in run.snapshots {
        if case .rounds = snapshot { run.snapshots[number] = .bytes([]) }
      }
      return
    }
    for (number, snapshot) in run.snapshots {
      guard case .rounds(let rounds) = snapshot else { continue }
      run.snapshots[number] = .bytes(rounds == 0 ? [] : try ensemble.bytes(rounds: rounds))
    }
  }

  // MARK: Weights

  public var weightCount: Int { 1 + engine.traits.importanceKinds.count }

  public func weight(at index: Int) throws -> Weight {
    guard index > 0 else {
      let bytes = try bytes()
      shownBytes.fill(bytes)
      return Weight(
        name: engine.traits.fileName,
        tensor: TensorView(shownBytes.base, .uint8, shape: TensorShape(bytes.count)))
    }
    let kind = engine.traits.importanceKinds[index - 1]
    let count = task.featureCount
    var values = [Double](repeating: 0, count: count)
    if let ensemble = run.ensemble, run.rounds > 0 {
      let found = try ensemble.importance(kind, rounds: run.rounds)
      for feature in 0..<min(count, found.count) { values[feature] = found[feature] }
    }
    shownNumbers[index - 1].fill(values)
    return Weight(
      name: "feature_importance.\(kind)",
      tensor: TensorView(shownNumbers[index - 1].base, .float64, shape: TensorShape(count)),
      isTrainable: false)
  }

  /// What features are worth follows from the trees.
  public func assign(_ weight: Weight, at index: Int) throws {
    guard index == 0 else { return }
    try replace(with: Array(weight.tensor.bytes))
    tell()
  }

  // MARK: Hyper-parameters

  public var parameterNames: [String] { ["learning_rate"] }

  public func parameter(_ name: String) -> Double? {
    name == "learning_rate" ? progress.learningRate ?? engine.traits.learningRate : nil
  }

  public func setParameter(_ name: String, to value: Double) throws {
    guard name == "learning_rate" else { throw PluginError("no hyper-parameter '\(name)'") }
    guard value.isFinite, value > 0 else {
      throw PluginError("a learning rate of \(value): it must be greater than 0")
    }
    if parameter(name) == value { return }
    progress.learningRate = value
    try run.ensemble?.setLearningRate(value)
  }
}
