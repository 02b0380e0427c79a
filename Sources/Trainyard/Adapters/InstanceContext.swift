import CTrainyard
import PluginHost
import Training

/// Answers one instance when it asks its host, and queues the effects that it asks for.
final class InstanceContext: HostServices {
  let run: RunContext
  let effects: EffectQueue
  /// As messages name the instance: "callback 'early-stopping'".
  let party: String
  /// Put before the metrics that a monitor of the validation pass declares.
  private let metricPrefix: String
  private var random: RandomStream
  private let streamName: String
  /// Whether the instance is in its `create`: what it asks for then holds for every run that it is part of.
  private var isCreating = false
  /// What it has asked for in its `create`.
  private var mentions: [MetricTable.Mention] = []
  private var askedMonitors: [PlannedInstance] = []
  /// The callback whose slots these are.
  weak var callback: LoopCallback?

  init(run: RunContext, effects: EffectQueue, party: String, name: String, metricPrefix: String = "") {
    self.run = run
    self.effects = effects
    self.party = party
    self.metricPrefix = metricPrefix
    streamName = metricPrefix + name
    random = RandomStream(seed: 0, name: streamName)
  }

  /// Runs the `create` of the instance, and remembers what it asks for.
  func creating<T>(_ make: () throws -> T) rethrows -> T {
    let start = run.metrics.mentionCount
    askedMonitors = []
    isCreating = true
    defer {
      isCreating = false
      mentions = run.metrics.mentions(since: start)
    }
    return try run.metrics.whileCreating(make)
  }

  /// The instance was created earlier and is part of another run: what it asked for then holds again.
  func include() throws {
    run.metrics.include(mentions)
    for monitor in askedMonitors { try run.request(monitor, by: party, lasts: true) }
  }

  /// The random stream at its start, for the run that is about to begin.
  func rewind() { random = RandomStream(seed: run.seed, name: streamName) }

  /// Where the random stream stands, for checkpoints.
  var randomState: [UInt64] {
    get { random.state }
    set { random.state = newValue }
  }

  // MARK: Metrics

  func wantMetric(_ name: String, optional: Bool) -> UInt32 {
    UInt32(run.metrics.want(name, optional: optional, by: party))
  }

  func declareMetric(_ name: String, direction: UInt32, phase: UInt32) -> UInt32 {
    let direction = Direction(rawValue: Int(direction)) ?? .none
    let phase = Phase(rawValue: Int(phase))
    return UInt32(run.metrics.declare(metricPrefix + name, direction, phase, by: party))
  }

  func metricDirection(_ id: UInt32) -> UInt32 {
    UInt32((run.metrics.declaration(of: Int(id))?.direction ?? .none).rawValue)
  }

  func metricName(_ id: UInt32) -> UnsafePointer<CChar>? { run.metricName(id) }

  // MARK: The run

  var runFacts: UnsafePointer<ty_run_facts>? { run.runFacts }
  var weightCount: Int { run.model?.weightCount ?? 0 }

  func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) -> Bool {
    run.model?.weight(index, into: weight) ?? false
  }

  func isSlotFilled(_ slot: Int) -> Bool {
    guard let callback, callback.slots.indices.contains(slot) else { return false }
    return callback.slots[slot] != nil
  }

  func parameterName(_ index: Int) -> UnsafePointer<CChar>? { run.model?.parameterName(index) }
  func parameter(_ name: String) -> Double? { run.model?.parameter(name) }
  func fileSize(_ path: String) -> Int64 { run.folder?.size(path) ?? -1 }
  func nextRandom() -> UInt64 { random.next() }
  func monotonicNanoseconds() -> Int64 { run.clock.monotonic() }
  func wallNanoseconds() -> Int64 { run.clock.wall() }

  func addMonitor(_ component: ComponentDescription, name: String) throws {
    // All its options have defaults, which the instance fills in.
    try add(PlannedInstance(component: component, name: name, options: [:]))
  }

  /// It lives in the helper of the one that adds it, under the same rules.
  func addMonitor(_ component: ComponentDescription, name: String, of owner: RemoteInstance) throws {
    var monitor = PlannedInstance(component: component, name: name, options: [:], isolation: owner.settings)
    monitor.adder = MonitorAdder(owner)
    try add(monitor)
  }

  private func add(_ monitor: PlannedInstance) throws {
    guard !monitor.name.isEmpty, !monitor.name.contains("/") else {
      throw LoopError("'\(monitor.name.shownInMessages)' cannot be the name of a monitor")
    }
    try run.request(monitor, by: party, lasts: isCreating)
    if isCreating { askedMonitors.append(monitor) }
  }

  // MARK: Effects

  func publish(_ id: UInt32, _ value: Double) { effects.append(.publish(metric: Int(id), value: value)) }
  func publishText(_ name: String, _ text: String) {
    effects.append(.note(Note(name: metricPrefix + name, content: .text(text))))
  }
  func publishList(_ name: String, _ values: [Double]) {
    effects.append(.note(Note(name: metricPrefix + name, content: .list(values))))
  }
  func stop(_ reason: String) { effects.append(.stop(reason: reason)) }
  func log(_ level: UInt32, _ text: String) {
    effects.append(.log(level: LogLevel(rawValue: Int(level)) ?? .info, text: text))
  }
  func status(_ text: String) { effects.append(.status(text)) }
  func assignWeights(_ weights: UnsafeBufferPointer<UnsafePointer<ty_weight>?>) {
    effects.append(.assignWeights(weights.compactMap { $0.flatMap(NamedTensor.init(copying:)) }))
  }
  func slotTake(_ slot: Int) { effects.append(.takeSlot(slot)) }
  func slotRestore(_ slot: Int) { effects.append(.restoreSlot(slot)) }
  func slotSwap(_ slot: Int) { effects.append(.swapSlot(slot)) }
  func slotBlend(_ slot: Int, slotScale: Double, weightScale: Double) {
    effects.append(.blendSlot(slot, slotScale: slotScale, weightScale: weightScale))
  }
  func slotDrop(_ slot: Int) { effects.append(.dropSlot(slot)) }
  func saveWeights(_ path: String) { effects.append(.saveWeights(path: path)) }
  func markCheckpoint() { effects.append(.markCheckpoint) }
  func setParameter(_ name: String, _ value: Double) {
    effects.append(.setParameter(name: name, value: value))
  }
  func startFile(_ path: String) { effects.append(.startFile(path: path)) }
  func appendFile(_ path: String, _ bytes: UnsafeRawBufferPointer) {
    effects.append(.appendFile(path: path, bytes: Array(bytes)))
  }
  func removeFile(_ path: String) { effects.append(.removeFile(path: path)) }
}

extension PluginFailure: FailureWords {
  /// A plugin's words may carry their own help after a line "help: …".
  public var failureWords: (message: String, help: String?) {
    guard let mark = words.firstRange(of: "\nhelp: ") else { return (words, nil) }
    return (String(words[..<mark.lowerBound]), String(words[mark.upperBound...]))
  }
}
