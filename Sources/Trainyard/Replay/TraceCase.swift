import Training

/// One case of a trace file: how a callback is configured, what it is shown in one or more fits, and what must come
/// out. The format is that of recorded decisions of Keras and Lightning: a JSON object in each line.
///
///     {"case": id, "kind": kind, "options": {…}, "host": {…}, "tolerance": {"rel": r, "abs": a},
///      "fits": [{"initial_epoch": 0, "train_end": true, "epochs": [{"w": 0, "logs": {"loss": 0.5}}, …],
///                "expected": {…}, "ours": {…}}, …]}
public struct TraceCase: Sendable {
  public var name: String
  public var kind: String
  var options: JSONValue
  var host: JSONValue
  var fits: [Fit]
  var tolerance: Tolerance
  /// The file and line that it stands in.
  public var position: SourcePosition

  struct Fit: Sendable {
    var recording: Recording
    /// What must come out: what our policy says where it deviates from the peer, else what the peer did.
    var expected: JSONValue
    var deletesFileBefore: Bool
    /// The optimizer steps whose learning rates are asked for.
    var wantedSteps: [Int] = []
  }

  /// Numbers agree if |a − b| ≤ abs + rel · max(|a|, |b|); NaN agrees with NaN.
  struct Tolerance: Sendable {
    var relative = 0.0
    var absolute = 0.0

    func agree(_ a: Double, _ b: Double) -> Bool {
      if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
      if a == b { return true }
      guard a.isFinite, b.isFinite else { return false }
      return abs(a - b) <= absolute + relative * max(abs(a), abs(b))
    }
  }

  /// All cases of a file, in its order; the first line that is none is an error.
  public static func read(_ path: String) throws -> [TraceCase] {
    var cases: [TraceCase] = []
    try read(path) { line in
      switch line {
      case .success(let found): cases.append(found)
      case .failure(let fault): throw fault.error
      }
    }
    return cases
  }

  /// A line that is no case.
  public struct Fault: Error {
    /// The file, with the line where one is at fault.
    public var place: String
    public var error: any Error
    public var words: String { TraceRunner.words(error) }
  }

  /// Each line of a file, as a case or as what is wrong with it; a file that cannot be read is one fault.
  public static func read(_ path: String, _ onLine: (Result<TraceCase, Fault>) throws -> Void) throws {
    var lines: RecordLines
    do { lines = try RecordLines(path) } catch {
      return try onLine(.failure(Fault(place: path, error: error)))
    }
    var isAtEnd = false
    while !isAtEnd {
      let found: Result<TraceCase, Fault>
      do {
        if let line = try lines.next() {
          found = .success(try TraceCase(line))
        } else {
          isAtEnd = true
          // A run's recording may end in the middle of a line; a test that does so has lost a case.
          guard let warning = lines.warning else { return }
          let error = ConfigProblems([ConfigProblem(.syntax, warning)])
          found = .failure(Fault(place: "\(path):\(lines.line)", error: error))
        }
      } catch {
        found = .failure(Fault(place: "\(path):\(lines.line)", error: error))
      }
      try onLine(found)
    }
  }

  init(_ line: RecordFields) throws {
    position = line.position
    name = try line.string("case")
    kind = try line.string("kind")
    options = line.value["options"] ?? .object([])
    host = line.value["host"] ?? .object([])
    tolerance = Tolerance()
    if let tolerance = line.fields("tolerance") {
      self.tolerance.relative = try tolerance.double("rel", or: 0)
      self.tolerance.absolute = try tolerance.double("abs", or: 0)
    }
    let host = line.fields("host") ?? RecordFields(value: .object([]), position: line.position)
    fits = try line.list("fits").map { try Fit($0, host: host) }
    guard !fits.isEmpty else { throw line.problem("case '\(name.shownInMessages)' has no fits") }
  }
}

extension TraceCase.Fit {
  fileprivate init(_ fit: RecordFields, host: RecordFields) throws {
    expected = fit.value["ours"] ?? fit.value["expected"] ?? .object([])
    deletesFileBefore = try fit.bool("delete_file_before", or: false)
    recording = Recording()
    recording.parameters = [("learning_rate", try host.double("initial_lr", or: 0.01))]
    try readEpochs(fit)
    recording.metrics = Self.metrics(
      of: recording, directions: (fit.fields("metrics") ?? host.fields("metrics"))?.value)
    let count = recording.epochs.last.map { $0.index + 1 } ?? 0
    recording.plannedEpochs = try fit.int("epochs_planned", or: count)
    recording.batchesPerEpoch = recording.epochs.map(\.batches.count).max() ?? 0
    if try !fit.bool("train_end", or: true) {
      recording.ending = .interrupted
    } else if try fit.bool("stop_after_last", or: false) {
      recording.ending = .stopped(reason: "something else stopped the run")
    }
  }

  private mutating func readEpochs(_ fit: RecordFields) throws {
    if fit.has("steps") { return try readSteps(fit) }
    let initial = try fit.int("initial_epoch", or: 0)
    for (offset, fields) in try fit.list("epochs").enumerated() {
      var epoch = Recording.Epoch(index: initial + offset)
      (epoch.logs, epoch.notes) = try fields.logs()
      epoch.validates = try fields.bool("validate", or: false)
      epoch.weight = try fields.optionalDouble("w")
      epoch.steps = 1
      for batch in try fields.list("batches") {
        let logs = try batch.logs().values
        epoch.batches.append(
          Recording.Batch(index: try batch.int("batch"), logs: logs, weight: try batch.optionalDouble("w")))
      }
      recording.epochs.append(epoch)
    }
  }

  /// Optimizer steps, in one epoch: what training makes of the weight in each, or the numbers of those that are asked
  /// for.
  private mutating func readSteps(_ fit: RecordFields) throws {
    var epoch = Recording.Epoch(index: 0)
    let numbers = (fit.value["steps"]?.array ?? []).compactMap(\.int)
    if let last = numbers.max() {
      guard last < 1_000_000, numbers.allSatisfy({ $0 >= 0 }) else {
        throw fit.problem("'steps' must be numbers from 0 to 999999")
      }
      wantedSteps = numbers.map { Int($0) }
      epoch.batches = (0...Int(last)).map { Recording.Batch(index: $0, logs: []) }
    } else {
      for (index, step) in try fit.list("steps").enumerated() {
        epoch.batches.append(Recording.Batch(index: index, logs: [], weight: try step.double("w")))
      }
    }
    recording.epochs = [epoch]
  }

  /// The metrics that the logs have, and those whose direction the host knows though this fit never shows them.
  /// Directions go by the base name, without `val_`; a loss falls.
  private static func metrics(of recording: Recording, directions: JSONValue?) -> [Recording.Metric] {
    var phases: [String: Phase] = [:]
    var order: [String] = []
    func add(_ values: Recording.Values, _ phase: Phase) {
      for (name, _) in values {
        if phases[name] == nil { order.append(name) }
        phases[name, default: []].formUnion(phase)
      }
    }
    for epoch in recording.epochs {
      add(epoch.logs, .epoch)
      for batch in epoch.batches { add(batch.logs, .batch) }
    }
    for known in directions?.members ?? [] { add([(known.name, 0), ("val_" + known.name, 0)], .epoch) }
    return order.map { name in
      let base = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
      let known = directions?[base]?.string
      let direction: Direction =
        known == "min" || known == nil && base == "loss" ? .min : known == "max" ? .max : .none
      return Recording.Metric(name, direction, phases[name] ?? .epoch)
    }
  }
}
