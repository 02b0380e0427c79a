import CTrainyard
import Glibc
import PluginHost

/// A host whose every answer follows from a script: metrics, weights, hyper-parameters, files, time and random
/// numbers. It writes down what the instance asks for.
public final class ScriptedHost: HostServices {
  /// What a checkpoint of the real host holds for an instance, besides its state.
  struct Snapshot {
    var model: ScriptedModel
    var slots: [Int: [[Float]]]
    var files: [String: Int64]
    var random: SplitMix64
    var clock: ScriptedClock
    var step: Int
    var epochPublished: [String: Double]
    var notes: [(name: String, text: String?, values: [Double])]
  }

  /// What the call that is running, or the last one, has asked for.
  public private(set) var effects: [TraceEffect] = []
  /// The folder that plugins are told files go to. Texts say FOLDER for it.
  public var folder: String
  public var clock = ScriptedClock()
  var model = ScriptedModel()
  /// Without it there are no weights and no hyper-parameters.
  var hasModel = true
  var step = 0
  private(set) var slots: [Int: [[Float]]] = [:]
  private(set) var files: [String: Int64] = [:]
  private(set) var stopReason: String?
  /// Metrics that the instance has published since the epoch, or the batch, began.
  var epochPublished: [Int: Double] = [:]
  var batchPublished: [Int: Double] = [:]
  private(set) var notes: [(name: String, text: String?, values: [Double])] = []

  public private(set) var metrics: [String] = []
  private(set) var wanted: Set<String> = []
  private(set) var declared: [String: (direction: UInt32, phase: UInt32)] = [:]
  private var createdWanted: Set<String> = []
  private var createdDeclared: [String: (direction: UInt32, phase: UInt32)] = [:]
  private var isCreating = false
  private var names: [UnsafeMutablePointer<CChar>] = []
  private var parameterNames: [String: UnsafeMutablePointer<CChar>] = [:]
  private var pending: [() -> Void] = []

  private let seed: UInt64
  private var random: SplitMix64
  private let facts: UnsafeMutablePointer<ty_run_facts>
  private var factTexts: [UnsafeMutablePointer<CChar>] = []
  private var isRunning = false
  /// Set by whoever drives the instance: views of weights lie there.
  var memory: any EventMemory = HeapMemory()

  public init(seed: UInt64, folder: String) {
    self.seed = seed
    self.folder = folder
    random = SplitMix64(seed)
    facts = .allocate(capacity: 1)
    facts.initialize(to: ty_run_facts())
    for name in ["loss", "val_loss", "accuracy", "val_accuracy"] { _ = id(of: name) }
  }

  deinit {
    facts.deallocate()
    for text in names + factTexts { free(text) }
    for text in parameterNames.values { free(text) }
  }

  // MARK: The life of an instance

  /// What is asked for in `body` holds in every run.
  func creating<Made>(_ body: () throws -> Made) rethrows -> Made {
    isCreating = true
    defer {
      isCreating = false
      createdWanted = wanted
      createdDeclared = declared
    }
    return try body()
  }

  /// Everything as the real host has it before it resets its instances for a run.
  /// - Parameter number: Of the run: streams of other runs begin elsewhere.
  func prepareRun(_ number: Int = 0) {
    model = ScriptedModel()
    hasModel = true
    step = 0
    slots = [:]
    files = [:]
    stopReason = nil
    epochPublished = [:]
    batchPublished = [:]
    notes = []
    wanted = createdWanted
    declared = createdDeclared
    random = SplitMix64(seed &+ UInt64(bitPattern: Int64(number)))
    isRunning = false
  }

  func beginRun(_ script: RunScript, resumedAt epoch: Int? = nil) {
    for text in factTexts { free(text) }
    factTexts = [strdup(folder), strdup("scripted-model")]
    hasModel = script.hasModel
    var new = ty_run_facts()
    new.struct_size = UInt32(MemoryLayout<ty_run_facts>.size)
    new.resumed = epoch == nil ? 0 : 1
    new.seed = seed
    new.epochs = Int64(script.firstEpoch &+ script.epochs.count)
    new.initial_epoch = Int64(epoch ?? script.firstEpoch)
    new.batches_per_epoch = Int64(script.batchesPerEpoch)
    new.batch_size = 4
    new.training_rows = Int64(script.batchesPerEpoch * 4)
    new.validation_rows = script.validates ? 4 : 0
    new.threads = 1
    new.world = 1
    new.terminal_width = 80
    new.folder = UnsafePointer(factTexts[0])
    new.model = UnsafePointer(factTexts[1])
    facts.pointee = new
    isRunning = true
  }

  func endRun() { isRunning = false }

  func callBegins() {
    effects = []
    pending = []
  }

  /// Carries out what the call that has succeeded asked for.
  func applyEffects() {
    for effect in pending { effect() }
    pending = []
  }

  func dropEffects() { pending = [] }

  var snapshot: Snapshot {
    Snapshot(
      model: model, slots: slots, files: files, random: random, clock: clock, step: step,
      epochPublished: Dictionary(uniqueKeysWithValues: epochPublished.map { (metrics[$0], $1) }), notes: notes
    )
  }

  /// As the real host restores a checkpoint, after the reset and before state_load.
  func restore(_ snapshot: Snapshot) {
    model = snapshot.model
    slots = snapshot.slots
    files = snapshot.files
    random = snapshot.random
    clock = snapshot.clock
    step = snapshot.step
    epochPublished = [:]
    for (name, value) in snapshot.epochPublished { epochPublished[Int(id(of: name))] = value }
    notes = snapshot.notes
  }

  /// What the epoch's notes were, for the event that ends it.
  func clearNotes() { notes = [] }

  // MARK: Metrics

  func id(of name: String) -> UInt32 {
    if let index = metrics.firstIndex(of: name) { return UInt32(index) }
    metrics.append(name)
    return UInt32(metrics.count - 1)
  }

  public func wantMetric(_ name: String, optional: Bool) -> UInt32 {
    wanted.insert(name)
    record("want \(name)", optional ? "if there is one" : "")
    return id(of: name)
  }

  public func declareMetric(_ name: String, direction: UInt32, phase: UInt32) -> UInt32 {
    declared[name] = (direction, phase)
    record("declare \(name)", "direction \(direction), phase \(phase)")
    return id(of: name)
  }

  public func metricDirection(_ id: UInt32) -> UInt32 {
    guard id < metrics.count else { return UInt32(TY_DIRECTION_NONE) }
    let name = metrics[Int(id)]
    if let own = declared[name] { return own.direction }
    return UInt32(Self.isBetterHigh(name) ? TY_DIRECTION_MAX : TY_DIRECTION_MIN)
  }

  static func isBetterHigh(_ name: String) -> Bool { name.contains("acc") || name.contains("auc") }

  public func metricName(_ id: UInt32) -> UnsafePointer<CChar>? {
    guard id < metrics.count else { return nil }
    while names.count <= id { names.append(strdup(metrics[names.count])) }
    return UnsafePointer(names[Int(id)])
  }

  // MARK: The run

  public var runFacts: UnsafePointer<ty_run_facts>? { isRunning ? UnsafePointer(facts) : nil }
  public var weightCount: Int { isRunning && hasModel ? model.weights.count : 0 }

  public func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) -> Bool {
    isRunning && hasModel && model.view(index, into: weight, memory)
  }

  public func isSlotFilled(_ slot: Int) -> Bool { slots[slot] != nil }

  public func parameterName(_ index: Int) -> UnsafePointer<CChar>? {
    guard isRunning, hasModel, model.parameters.indices.contains(index) else { return nil }
    let name = model.parameters[index].name
    let text = parameterNames[name] ?? strdup(name)
    parameterNames[name] = text
    return text.map { UnsafePointer($0) }
  }

  public func parameter(_ name: String) -> Double? { isRunning && hasModel ? model.parameter(name) : nil }
  public func fileSize(_ path: String) -> Int64 { files[path] ?? -1 }
  public func nextRandom() -> UInt64 { random.next() }
  public func monotonicNanoseconds() -> Int64 { clock.monotonic }
  public func wallNanoseconds() -> Int64 { clock.wall }

  public func addMonitor(_ component: ComponentDescription, name: String) throws {
    record("add monitor \(name)", component.id)
  }

  // MARK: Effects

  public func publish(_ id: UInt32, _ value: Double) {
    let name = id < metrics.count ? metrics[Int(id)] : "number \(id)"
    later("publish \(name)", Self.text(value)) { [unowned self] in
      guard id < metrics.count else { return }
      epochPublished[Int(id)] = value
      batchPublished[Int(id)] = value
    }
  }
  public func publishText(_ name: String, _ text: String) {
    later("publish text \(name)", quoted(text)) { [unowned self] in notes.append((name, text, [])) }
  }
  public func publishList(_ name: String, _ values: [Double]) {
    let text = "[" + values.map(Self.text).joined(separator: ", ") + "]"
    later("publish list \(name)", text) { [unowned self] in notes.append((name, nil, values)) }
  }
  public func stop(_ reason: String) {
    later("stop", quoted(reason)) { [unowned self] in stopReason = stopReason ?? reason }
  }
  public func log(_ level: UInt32, _ text: String) {
    record("log \(["debug", "info", "warning"][Int(min(level, 2))])", quoted(text))
  }
  public func status(_ text: String) { record("status", quoted(text)) }

  public func assignWeights(_ weights: UnsafeBufferPointer<UnsafePointer<ty_weight>?>) {
    var read: [(name: String, values: [Float])] = []
    for case .some(let weight) in weights {
      let tensor = weight.pointee.tensor
      let count = (0..<Int(max(0, tensor.ndim))).reduce(1) { $0 * Int(tensor.shape[$1]) }
      guard tensor.dtype.code == UInt8(TY_DTYPE_FLOAT), tensor.dtype.bits == 32, let data = tensor.data else {
        continue
      }
      let start = UnsafeRawPointer(data) + Int(tensor.byte_offset)
      let values = (0..<count).map { start.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      read.append((weight.pointee.name.map { String(cString: $0) } ?? "", values))
    }
    let names = read.map(\.name).joined(separator: ", ")
    later("assign \(names)", ScriptedModel.digest(read.map(\.values))) { [unowned self] in
      for (name, values) in read { _ = model.assign(name, values) }
    }
  }

  public func slotTake(_ slot: Int) {
    later("take slot \(slot)") { [unowned self] in slots[slot] = model.values }
  }
  public func slotRestore(_ slot: Int) {
    later("restore slot \(slot)", held(slot)) { [unowned self] in
      if let held = slots[slot] { model.values = held }
    }
  }
  public func slotSwap(_ slot: Int) {
    later("swap slot \(slot)", held(slot)) { [unowned self] in
      guard let held = slots[slot] else { return }
      slots[slot] = model.values
      model.values = held
    }
  }
  public func slotBlend(_ slot: Int, slotScale: Double, weightScale: Double) {
    later("blend slot \(slot)", "\(Self.text(slotScale)) and \(Self.text(weightScale))") { [unowned self] in
      guard let held = slots[slot] else { return slots[slot] = model.values }
      slots[slot] = zip(held, model.values).map { old, new in
        zip(old, new).map { Float(slotScale * Double($0) + weightScale * Double($1)) }
      }
    }
  }
  public func slotDrop(_ slot: Int) { later("drop slot \(slot)") { [unowned self] in slots[slot] = nil } }

  public func saveWeights(_ path: String) {
    later("save weights \(shown(path))", ScriptedModel.digest(model.values)) { [unowned self] in
      files[path] = 512
    }
  }
  public func markCheckpoint() { record("mark checkpoint") }
  public func setParameter(_ name: String, _ value: Double) {
    later("set \(name)", Self.text(value)) { [unowned self] in model.set(name, value) }
  }
  public func startFile(_ path: String) {
    later("start \(shown(path))") { [unowned self] in files[path] = 0 }
  }
  public func appendFile(_ path: String, _ bytes: UnsafeRawBufferPointer) {
    let count = Int64(bytes.count)
    later("append \(shown(path))", Self.text(bytes)) { [unowned self] in files[path, default: 0] += count }
  }
  public func removeFile(_ path: String) {
    later("remove \(shown(path))") { [unowned self] in files[path] = nil }
  }

  // MARK: Records

  private func record(_ key: String, _ value: String = "") { effects.append(TraceEffect(key, value)) }

  private func later(_ key: String, _ value: String = "", _ effect: @escaping () -> Void) {
    record(key, value)
    pending.append(effect)
  }

  private func held(_ slot: Int) -> String { slots[slot].map(ScriptedModel.digest) ?? "which is empty" }

  private func quoted(_ text: String) -> String { "'" + shown(text) + "'" }

  /// The text with FOLDER where the folder's path stands.
  private func shown(_ text: String) -> String {
    guard !folder.isEmpty, text.utf8.count >= folder.utf8.count else { return text }
    return text.split(separator: folder, omittingEmptySubsequences: false).joined(separator: "FOLDER")
  }

  /// A number as it was, bit by bit.
  static func text(_ value: Double) -> String { value.isNaN ? "NaN" : "\(value)" }

  /// Text as it is, anything else by size and digest.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    if bytes.allSatisfy({ $0 == 10 || $0 == 9 || 32..<127 ~= $0 }), bytes.count <= 400 {
      return "'" + String(decoding: bytes, as: UTF8.self).replacing("\n", with: "\\n") + "'"
    }
    let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    return "\(bytes.count) bytes (\(String(hash, radix: 16)))"
  }
}

/// Time that passes by script alone.
public struct ScriptedClock: Sendable, Equatable {
  /// Nanoseconds since whenever.
  public var monotonic: Int64
  /// Nanoseconds since 1970.
  public var wall: Int64

  /// A Tuesday's noon.
  public init(monotonic: Int64 = 86_400_000_000_000, wall: Int64 = 1_700_000_000_000_000_000) {
    self.monotonic = monotonic
    self.wall = wall
  }

  public mutating func pass(nanoseconds: Int64) {
    monotonic &+= nanoseconds
    wall &+= nanoseconds
  }
}

/// S. Vigna's splitmix64: enough for scripts.
public struct SplitMix64: RandomNumberGenerator, Sendable, Equatable {
  private var state: UInt64

  public init(_ seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// In `0..<1`.
  public mutating func nextDouble() -> Double { Double(next() >> 11) * 0x1p-53 }
}
