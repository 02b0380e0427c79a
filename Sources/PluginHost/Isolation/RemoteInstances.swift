import CTrainyard

/// A callback in a helper.
public final class RemoteCallback: RemoteInstance {
  public init(
    _ group: HelperGroup, component: ComponentDescription, name: String, options: [String: OptionValue],
    settings: IsolationSettings, services: any HostServices
  ) throws {
    try super.init(
      group, component: component, name: name, options: options, settings: settings, services: services)
  }

  public func reset() throws { try runReset(.reset) }

  public func call(_ hook: Int, _ event: UnsafePointer<ty_event>) throws { try call(hook, event, before: []) }

  /// Whether a hook of both can be told in one message.
  public func sharesHelper(with other: RemoteCallback) -> Bool { group === other.group }

  /// Calls a hook (`TY_HOOK_…`) that the callback has.
  /// - Parameter followers: Callbacks of the same helper that have the hook, too, and are called next, before anyone
  ///   else: as far as nothing comes between they are told in the same message, and their own `call` gives what came
  ///   of it.
  public func call(
    _ hook: Int, _ event: UnsafePointer<ty_event>, before followers: @autoclosure () -> [RemoteCallback]
  ) throws {
    guard hookNames.indices.contains(hook) else {
      throw HostError.wrongArgument(instance: name, call: "call", reason: "there is no hook \(hook)")
    }
    // Nobody is left to be told.
    if hasGone {
      timeElsewhere = 0
      return
    }
    let count = Int(event.pointee.metric_count)
    let pieces = [
      UnsafeRawBufferPointer(start: event.pointee.values, count: EventPage.presentOffset(of: count)),
      UnsafeRawBufferPointer(
        start: event.pointee.present, count: EventPage.size(of: count) - EventPage.presentOffset(of: count)),
    ]
    try perform(
      .hook, hookNames[hook], event: pieces, before: followers().filter { !$0.hasGone }
    ) { $0.put(event) }
    try saveIfDue(hook == Int(TY_HOOK_EPOCH_END))
  }
}

/// A monitor in a helper, for one pass.
public final class RemoteMonitor: RemoteInstance {
  /// - Parameter owner: The instance of the same helper that has added it, as `MonitorAdder` has it; `nil`: none.
  public override init(
    _ group: HelperGroup, component: ComponentDescription, name: String, options: [String: OptionValue],
    settings: IsolationSettings, services: any HostServices, owner: String? = nil
  ) throws {
    try super.init(
      group, component: component, name: name, options: options, settings: settings, services: services,
      owner: owner)
  }

  public func reset() throws { try runReset(.reset) }

  public func prepare(_ task: UnsafePointer<ty_task>) throws {
    try perform(.prepare, "prepare") { $0.put(task) }
  }

  public func passBegin(_ pass: UInt32) throws { try perform(.passBegin, "pass_begin") { $0.put(pass) } }

  public func update(_ batch: UnsafePointer<ty_batch>, _ prediction: UnsafePointer<ty_tensor>) throws {
    if component.isSample { return }
    var pieces = BatchPieces(batch)
    let offset = pieces.add(prediction.pointee)
    try perform(.update, "update", input: pieces.pieces) {
      $0.put(batch, pieces)
      $0.put(layoutOf: prediction.pointee, at: offset)
    }
    try saveIfDue(false)
  }

  public func compute() throws {
    try perform(.compute, "compute")
    try saveIfDue(true)
  }
}

/// The tensors of a batch as pieces of memory, and where they will lie.
struct BatchPieces {
  private(set) var pieces: [UnsafeRawBufferPointer] = []
  private(set) var offsets: [UInt64] = []
  private var layout = AreaLayout()

  init(_ batch: UnsafePointer<ty_batch>) {
    for tensor in [batch.pointee.features, batch.pointee.target, batch.pointee.weight, batch.pointee.group] {
      offsets.append(add(tensor))
    }
  }

  mutating func add(_ tensor: ty_tensor) -> UInt64 {
    let size = tensor.data == nil ? 0 : (try? TensorCheck.size(tensor).get()) ?? 0
    pieces.append(UnsafeRawBufferPointer(start: UnsafeRawPointer(TensorCheck.start(tensor)), count: size))
    return UInt64(layout.place(size))
  }
}

extension WireWriter {
  mutating func put(_ batch: UnsafePointer<ty_batch>, _ pieces: BatchPieces) {
    put(batch.pointee.pass)
    put(batch.pointee.rows)
    put(batch.pointee.data_id)
    put(batch.pointee.ends_pass)
    put(layoutOf: batch.pointee.features, at: pieces.offsets[0])
    put(layoutOf: batch.pointee.target, at: pieces.offsets[1])
    put(layoutOf: batch.pointee.weight, at: pieces.offsets[2])
    put(layoutOf: batch.pointee.group, at: pieces.offsets[3])
  }
}

/// A dataset in a helper. What is read depends on rows, seed and epoch alone: after a restart it is read again.
public final class RemoteDataset: RemoteInstance {
  private var knownRowCount: Int?
  private var knownFields: [FieldDescription]?

  public init(
    _ group: HelperGroup, component: ComponentDescription, name: String, options: [String: OptionValue],
    settings: IsolationSettings, services: any HostServices
  ) throws {
    try super.init(
      group, component: component, name: name, options: options, settings: settings, services: services)
  }

  public func reset() throws { try runReset(.reset) }

  public func rowCount() throws -> Int {
    if let knownRowCount { return knownRowCount }
    var reader = try perform(.rowCount, "row_count")
    let count = try reader.take(Int64.self)
    guard (0..<1 << 48).contains(count) else {
      throw failure("row_count", "it says that it has \(count) rows")
    }
    knownRowCount = Int(count)
    return Int(count)
  }

  public func fields() throws -> [FieldDescription] {
    if let knownFields { return knownFields }
    var reader = try perform(.fields, "field")
    let fields = try reader.list { reader throws(WireFault) in try reader.field() }
    guard !fields.isEmpty, Set(fields.map(\.name)).count == fields.count else {
      throw failure("field", "it has no fields, or two of one name")
    }
    knownFields = fields
    return fields
  }

  public func read(
    rows: UnsafeBufferPointer<Int64>, seed: UInt64, epoch: Int,
    into outputs: UnsafeBufferPointer<UnsafeMutablePointer<ty_tensor>?>
  ) throws {
    var layout = AreaLayout()
    let places = try outputs.map { output -> (size: Int, offset: Int)? in
      guard let output else { return nil }
      let size = try TensorCheck.size(output.pointee).get()
      return (size, layout.place(size))
    }
    try perform(.read, "read", outputSize: max(1, layout.size)) { writer in
      writer.put(list: Array(rows)) { $0.put($1) }
      writer.put(seed)
      writer.put(Int64(epoch))
      writer.put(list: outputs.indices.map { (outputs[$0], places[$0]) }) { writer, place in
        writer.put(layoutOf: place.0?.pointee ?? ty_tensor(), at: UInt64(place.1?.offset ?? 0))
      }
    }
    guard let memory = area(.output) else { return }
    for (output, place) in zip(outputs, places) {
      guard let place, let target = output.flatMap({ TensorCheck.start($0.pointee) }) else { continue }
      // A copy: what lies there the helper can change at any time.
      target.copyMemory(from: memory.base + place.offset, byteCount: place.size)
    }
  }

  private func failure(_ call: String, _ words: String) -> PluginFailure {
    PluginFailure(instance: name, component: component.id, call: call, words: words)
  }
}
