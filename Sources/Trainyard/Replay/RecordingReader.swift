import Training

/// Reads `events.jsonl`, which a run leaves in its folder, as a recording that can be replayed.
///
/// The file is untrusted input. A last line that a crash cut off is left out, and an end that is missing is an
/// interruption; both with a warning.
struct RecordingReader {
  private var recording = Recording()
  private(set) var warnings: [String] = []
  private var epoch: Recording.Epoch?
  private var batch: Recording.Batch?
  private var hasEnded = false
  private var hasMetrics = false
  /// Optimizer steps done, by the last event.
  private var steps = 0
  /// Stands for the weights after each portion of training; see `Recording`.
  private var weight = 0.0
  private var phases: [String: (direction: Direction, phase: Phase)] = [:]
  private var order: [String] = []

  static func read(_ path: String) throws -> (recording: Recording, warnings: [String]) {
    var reader = RecordingReader()
    var lines = try RecordLines(path)
    guard let first = try lines.next() else {
      throw ConfigProblems([
        ConfigProblem(
          .wrongValue, "'\(path)' holds no recording",
          help: "give the folder of a run that has finished an epoch")
      ])
    }
    try reader.readFacts(first)
    while let line = try lines.next() { try reader.read(line) }
    if let warning = lines.warning { reader.warnings.append(warning) }
    return (reader.finish(), reader.warnings)
  }

  private mutating func readFacts(_ line: RecordFields) throws {
    let schema = try line.int("schema")
    guard schema == EventRecorder.schema else {
      throw ConfigProblem(
        .wrongValue, "the recording has schema \(schema), and this program reads \(EventRecorder.schema)",
        at: line.position, help: "use the version of trainyard that made it")
    }
    recording.plannedEpochs = try line.int("epochs")
    recording.batchesPerEpoch = try line.int("batches_per_epoch", or: 0)
    recording.batchSize = try line.int("batch_size", or: 0)
    recording.trainingRows = try line.int("training_rows", or: 0)
    recording.validationRows = try line.int("validation_rows", or: 0)
    recording.seed = UInt64(try line.string("seed", or: "0")) ?? 0
    recording.model = try line.string("model", or: recording.model)
  }

  private mutating func read(_ line: RecordFields) throws {
    // What the callbacks of that run asked for: a replay has its own.
    guard line.has("event") else { return }
    let name = try line.string("event")
    guard let hook = Hook.allCases.first(where: { $0.name == name }) else {
      throw line.problem("there is no event '\(name.shownInMessages)'")
    }
    guard !hasEnded else { throw line.problem("'\(name)' comes after on_train_end") }
    switch hook {
    case .trainBegin: try readBegin(line)
    case .epochBegin: try beginEpoch(line)
    case .batchBegin: break
    case .optimizerStep: break
    case .batchEnd: try readBatch(line)
    case .validationBegin:
      let examples = try line.int("examples", or: 0)
      try inEpoch(line) { epoch in
        epoch.validates = true
        epoch.examples = examples
      }
    case .validationBatchBegin: break
    case .validationBatchEnd:
      let batch = try validationBatch(line)
      try inEpoch(line) { $0.validationBatches.append(batch) }
    case .validationEnd: break
    case .epochEnd: try endEpoch(line)
    case .exception: break
    case .trainEnd: try readEnd(line)
    }
  }

  private mutating func readBegin(_ line: RecordFields) throws {
    for metric in try line.list("metrics") {
      let name = try metric.string("name")
      let direction = Direction.allCases.first { $0.name == (try? metric.string("direction")) } ?? .none
      let names = (metric.value["phases"]?.array ?? []).compactMap(\.string)
      var phase: Phase = []
      if names.contains("batch") { phase.insert(.batch) }
      if names.contains("epoch") { phase.insert(.epoch) }
      add(name, direction, phase)
      hasMetrics = true
    }
    recording.parameters = try line.logs("parameters").values
  }

  private mutating func add(_ name: String, _ direction: Direction, _ phase: Phase) {
    if let known = phases[name] {
      phases[name] = (known.direction, known.phase.union(phase))
    } else {
      phases[name] = (direction, phase)
      order.append(name)
    }
  }

  // MARK: Epochs

  private mutating func beginEpoch(_ line: RecordFields) throws {
    let index = try line.int("epoch")
    if let before = epoch?.index ?? recording.epochs.last?.index, index <= before {
      throw line.problem("epoch \(index) begins after epoch \(before)")
    }
    closeEpoch()
    steps = try line.int("step", or: steps)
    var new = Recording.Epoch(index: index)
    new.begin = try line.optionalDouble("seconds")
    epoch = new
  }

  /// An epoch that ended in the middle; only the last one of a recording can be such.
  private mutating func closeEpoch() {
    guard var open = epoch else { return }
    open.isComplete = false
    recording.epochs.append(open)
    epoch = nil
  }

  private mutating func readBatch(_ line: RecordFields) throws {
    let done = try line.int("step")
    let (values, _) = try hostLogs(line, .batch)
    let batch = Recording.Batch(
      index: try line.int("batch"), logs: values, weight: weight, steps: max(0, done - steps),
      examples: try line.int("examples", or: 0))
    weight += 1
    steps = done
    try inEpoch(line) { $0.batches.append(batch) }
  }

  private func validationBatch(_ line: RecordFields) throws -> Recording.Batch {
    let (values, _) = try line.logs()
    return Recording.Batch(
      index: try line.int("batch"), logs: values, steps: 0, examples: try line.int("examples", or: 0))
  }

  private mutating func endEpoch(_ line: RecordFields) throws {
    let (values, notes) = try hostLogs(line, .epoch)
    let texts = try line.logs("notes").notes
    let done = try line.int("step", or: steps)
    let examples = try line.int("examples", or: 0)
    let seconds = try line.optionalDouble("seconds")
    let (ownSteps, ownWeight) = (max(0, done - steps), weight)
    try inEpoch(line) { epoch in
      epoch.logs = values
      epoch.notes = notes + texts
      epoch.end = seconds
      if !epoch.validates { epoch.examples = examples }
      guard epoch.batches.isEmpty else { return }
      epoch.steps = ownSteps
      epoch.weight = ownWeight
    }
    if epoch?.batches.isEmpty == true { weight += 1 }
    steps = done
    if let done = epoch { recording.epochs.append(done) }
    epoch = nil
  }

  /// The host's own metrics. A callback of that run may have published in an earlier hook of the epoch; a replay is
  /// not fed that.
  private mutating func hostLogs(_ line: RecordFields, _ phase: Phase) throws -> (Recording.Values, [Note]) {
    let (values, notes) = try line.logs()
    guard hasMetrics else {
      for (name, _) in values { add(name, name == "loss" || name == "val_loss" ? .min : .none, phase) }
      return (values, notes)
    }
    return (values.filter { phases[$0.name] != nil }, notes)
  }

  private mutating func inEpoch(_ line: RecordFields, _ change: (inout Recording.Epoch) throws -> Void) throws
  {
    guard var open = epoch else {
      throw line.problem("the event lies in no epoch: on_epoch_begin is missing")
    }
    let index = try line.int("epoch", or: open.index)
    guard index == open.index else {
      throw line.problem("the event of epoch \(index) lies in epoch \(open.index)")
    }
    try change(&open)
    epoch = open
  }

  // MARK: The end

  private mutating func readEnd(_ line: RecordFields) throws {
    hasEnded = true
    switch try line.string("outcome") {
    case Outcome.interrupted.name: recording.ending = .interrupted
    case Outcome.failed.name:
      recording.ending = .failed(message: try line.string("text", or: "unknown error"))
    // A callback of that run stopped it: for those that are replayed, the epochs just ran out.
    default: recording.ending = .finished
    }
  }

  private mutating func finish() -> Recording {
    closeEpoch()
    if !hasEnded {
      warnings.append("the recording has no end: the run was cut off after \(recording.epochs.count) epochs")
      recording.ending = .interrupted
    }
    recording.metrics = order.compactMap { name in
      phases[name].map { Recording.Metric(name, $0.direction, $0.phase) }
    }
    return recording
  }
}
