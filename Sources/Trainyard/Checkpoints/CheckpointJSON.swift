import Training

// `state.json` of a checkpoint. The tensors are in a file of their own, the epochs in the history.

extension CheckpointContents {
  /// - Parameter history: How far the history had come.
  func json(_ history: HistoryMark, _ pool: inout TensorPool) -> JSONValue {
    var callbacks: [JSONValue.Member] = []
    for (name, callback) in run.callbacks.sorted(by: { $0.key < $1.key }) {
      let slots = callback.slots.sorted { $0.key < $1.key }.map { number, weights in
        JSONValue.Member("\(number)", JSONValue(weights, &pool, of: "slots/\(name)/\(number)"))
      }
      guard case .object(var members) = JSONValue(callback.part, &pool, of: "callbacks/\(name)") else {
        continue
      }
      members.append(JSONValue.Member("slots", .object(slots)))
      callbacks.append(JSONValue.Member(name, .object(members)))
    }
    let monitors = run.monitors.sorted { $0.key < $1.key }.map { key, part in
      JSONValue.Member(key, JSONValue(part, &pool, of: "monitors/\(key)"))
    }
    return .record(
      [
        ("format", .int(Int64(Self.format))),
        ("config", config),
        ("plugins", .array(plugins.map(\.json))), ("data", data.json),
        ("is_complete", .bool(isComplete)),
        ("found_learning_rate", foundLearningRate.map { JSONValue(exactly: $0) } ?? .null),
      ] + runMembers + [
        ("history", history.json),
        (
          "files",
          .object(files.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .int(Int64($0.value))) })
        ),
        ("outputs", outputs.json),
        ("model", modelJSON(&pool)),
        ("callbacks", .object(callbacks)),
        ("monitors", .object(monitors)),
      ])
  }

  private var runMembers: [(String, JSONValue)] {
    [
      ("seed", .string(String(run.seed))),
      (
        "position",
        .record([
          ("phase", .string(run.position.phase.rawValue)), ("epoch", .int(Int64(run.position.epoch))),
          ("batch", .int(Int64(run.position.batch))),
        ])
      ),
      ("step", .int(Int64(run.step))), ("examples", .int(Int64(run.examples))),
      ("seconds", JSONValue(exactly: run.seconds)), ("epoch_seconds", JSONValue(exactly: run.epochSeconds)),
      ("training", run.training.json), ("validation", run.validation.json),
      ("was_cut_short", .bool(run.wasCutShort)),
      ("logs", JSONValue(run.logs)), ("notes", .array(run.notes.map { JSONValue($0) })),
      ("stop", run.stop.map { .record([("reason", .string($0.reason)), ("by", .string($0.by))]) } ?? .null),
      ("warnings", .array(run.warnings.map { .string($0) })),
      (
        "dropped",
        .array(
          run.dropped.map { .record([("callback", .string($0.callback)), ("reason", .string($0.reason))]) })
      ),
    ]
  }

  private func modelJSON(_ pool: inout TensorPool) -> JSONValue {
    guard case .object(var members) = JSONValue(run.model.part, &pool, of: "model") else { return .null }
    members.append(JSONValue.Member("weights", JSONValue(run.model.weights, &pool, of: "weights")))
    members.append(JSONValue.Member("parameters", JSONValue(run.model.parameters)))
    return .object(members)
  }

  // MARK: Reading

  /// Everything but the epochs, which are in the history.
  init(_ fields: CheckpointFields, _ tensors: [String: SavedTensor]) throws {
    config = .object(try fields.members("config"))
    plugins = try fields.objects("plugins").map { try PluginIdentity($0) }
    data = try DataIdentity(try fields.fields("data"))
    isComplete = try fields.bool("is_complete")
    foundLearningRate = try fields.optionalDouble("found_learning_rate")
    for member in try fields.members("files") {
      guard let length = member.value.int, length >= 0 else {
        throw fields.damage("'files.\(member.name)' is not a length")
      }
      files[member.name] = Int(length)
    }
    outputs = try OutputState(try fields.fields("outputs"))
    try readRun(fields)
    try readParts(fields, tensors)
  }

  private mutating func readRun(_ fields: CheckpointFields) throws {
    guard let seed = UInt64(try fields.text("seed")) else { throw fields.damage("'seed' is no number") }
    run.seed = seed
    let position = try fields.fields("position")
    guard let phase = RunPosition.Phase(rawValue: try position.text("phase")) else {
      throw fields.damage("'position.phase' is none that this program knows")
    }
    run.position = RunPosition(phase, epoch: try position.count("epoch"), batch: try position.count("batch"))
    run.step = try fields.count("step")
    run.examples = try fields.count("examples")
    run.seconds = try fields.double("seconds")
    run.epochSeconds = try fields.double("epoch_seconds")
    run.training = try Evaluation.Total(try fields.fields("training"))
    run.validation = try Evaluation.Total(try fields.fields("validation"))
    let done = phase == .validation ? run.validation.batches : run.training.batches
    guard phase == .betweenEpochs || done == run.position.batch else {
      throw fields.damage("its position is not that of its sums")
    }
    run.wasCutShort = try fields.bool("was_cut_short")
    run.logs = try fields.numbers("logs")
    run.notes = try fields.notes("notes")
    run.stop = try fields.optional("stop").map { (try $0.text("reason"), try $0.text("by")) }
    run.warnings = try fields.texts("warnings")
    run.dropped = try fields.objects("dropped").map { (try $0.text("callback"), try $0.text("reason")) }
  }

  private mutating func readParts(_ fields: CheckpointFields, _ tensors: [String: SavedTensor]) throws {
    let model = try fields.fields("model")
    run.model.part = try model.part(tensors)
    run.model.weights = try model.weights("weights", tensors)
    run.model.parameters = try model.numbers("parameters")
    let callbacks = try fields.fields("callbacks")
    for member in try fields.members("callbacks") {
      let callback = try callbacks.fields(member.name)
      var state = CallbackState()
      state.part = try callback.part(tensors)
      for slot in try callback.members("slots") {
        guard let number = Int(slot.name) else { throw callback.damage("'\(slot.name)' is no slot") }
        state.slots[number] = try callback.fields("slots").weights(slot.name, tensors)
      }
      run.callbacks[member.name] = state
    }
    let monitors = try fields.fields("monitors")
    for member in try fields.members("monitors") {
      run.monitors[member.name] = try monitors.fields(member.name).part(tensors)
    }
  }
}

extension PluginIdentity {
  fileprivate var json: JSONValue {
    .record([
      ("kind", .string(kind)), ("name", .string(name)), ("id", .string(id)), ("version", .string(version)),
    ])
  }

  fileprivate init(_ fields: CheckpointFields) throws {
    self.init(
      kind: try fields.text("kind"), name: try fields.text("name"), id: try fields.text("id"),
      version: try fields.text("version"))
  }
}

extension DataIdentity {
  fileprivate var json: JSONValue {
    .record([
      ("training_rows", .int(Int64(trainingRows))), ("validation_rows", .int(Int64(validationRows))),
      ("batches_per_epoch", .int(Int64(batchesPerEpoch))),
      ("feature_shape", .array(featureShape.map { .int(Int64($0)) })),
      ("digests", .array(digests.map { .string($0) })),
    ])
  }

  fileprivate init(_ fields: CheckpointFields) throws {
    trainingRows = try fields.count("training_rows")
    validationRows = try fields.count("validation_rows")
    batchesPerEpoch = try fields.count("batches_per_epoch")
    featureShape = try fields.counts("feature_shape")
    digests = try fields.texts("digests")
  }
}

extension OutputState {
  fileprivate var json: JSONValue {
    .record([
      ("columns", .array(columns.map { .string($0) })), ("warnings", .array(warnings.map { .string($0) })),
      ("recorded_seconds", JSONValue(exactly: recordedSeconds)),
    ])
  }

  fileprivate init(_ fields: CheckpointFields) throws {
    columns = try fields.texts("columns")
    warnings = try fields.texts("warnings")
    recordedSeconds = try fields.double("recorded_seconds")
  }
}

extension Evaluation.Total {
  fileprivate var json: JSONValue {
    .record([
      ("loss", JSONValue(exactly: loss)), ("weight", JSONValue(exactly: weight)), ("rows", .int(Int64(rows))),
      ("batches", .int(Int64(batches))),
    ])
  }

  fileprivate init(_ fields: CheckpointFields) throws {
    self.init()
    loss = try fields.double("loss")
    weight = try fields.double("weight")
    rows = try fields.count("rows")
    batches = try fields.count("batches")
  }
}
