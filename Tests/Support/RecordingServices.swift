import CTrainyard
import PluginHost

/// A host for one instance that writes down what it is asked for, and answers from what a test has put in.
///
/// Effects become lines such as `publish loss 0.5` or `stop "no improvement"`; nothing is carried out.
public final class RecordingServices: HostServices {
  /// What the instance has asked for, in order.
  public var effects: [String] = []

  // Metrics: names by id, and what is said of them.
  public private(set) var metrics: [String] = []
  public private(set) var wanted: [String] = []
  public private(set) var declared: [String] = []
  /// Directions by name; those of declared metrics are filled in.
  public var directions: [String: UInt32] = [:]

  // What the getters answer.
  /// `folder` and `model` are set from `folder` and `model` below.
  public var facts: ty_run_facts?
  public var folder = ""
  public var model = "model"
  public var weights: [(name: String, tensor: OwnedTensor)] = []
  public var filledSlots: Set<Int> = []
  public var parameters: [(name: String, value: Double)] = []
  public var fileSizes: [String: Int64] = [:]
  /// What has been written to files, which the lines show as text only.
  public var files: [String: [UInt8]] = [:]
  public var addedMonitors: [(component: ComponentDescription, name: String)] = []
  /// Thrown by the next `addMonitor`.
  public var monitorError: (any Error)?
  /// 64 bits are drawn from here, from 0 upwards by default.
  public var nextRandomBits: UInt64 = 0
  /// Moves by `clockStep` with every look at it.
  public var monotonic: Int64 = 0
  public var wall: Int64 = 1_700_000_000_000_000_000
  public var clockStep: Int64 = 0

  private var texts: [String: UnsafeMutablePointer<CChar>] = [:]
  private let factsPointer = UnsafeMutablePointer<ty_run_facts>.allocate(capacity: 1)

  public init() { factsPointer.initialize(to: ty_run_facts()) }

  deinit {
    factsPointer.deallocate()
    for text in texts.values { text.deallocate() }
  }

  /// What was recorded since the last time.
  public func takeEffects() -> [String] {
    defer { effects = [] }
    return effects
  }

  /// The id of a metric, which is made if it is new.
  public func id(of name: String) -> UInt32 {
    if let index = metrics.firstIndex(of: name) { return UInt32(index) }
    metrics.append(name)
    return UInt32(metrics.count - 1)
  }

  // MARK: - Getters

  public func wantMetric(_ name: String, optional: Bool) -> UInt32 {
    wanted.append(optional ? name + "?" : name)
    return id(of: name)
  }

  public func declareMetric(_ name: String, direction: UInt32, phase: UInt32) -> UInt32 {
    declared.append(name)
    directions[name] = direction
    return id(of: name)
  }

  public func metricDirection(_ id: UInt32) -> UInt32 { directions[metricName(of: id)] ?? 0 }

  public func metricName(_ id: UInt32) -> UnsafePointer<CChar>? {
    Int(id) < metrics.count ? text(metrics[Int(id)]) : nil
  }

  public var runFacts: UnsafePointer<ty_run_facts>? {
    guard var facts else { return nil }
    facts.struct_size = UInt32(MemoryLayout<ty_run_facts>.size)
    facts.folder = text(folder)
    facts.model = text(model)
    factsPointer.pointee = facts
    return UnsafePointer(factsPointer)
  }

  public var weightCount: Int { weights.count }

  public func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) -> Bool {
    guard weights.indices.contains(index) else { return false }
    weight.pointee.trainable = 1
    weight.pointee.name = text(weights[index].name)
    weight.pointee.tensor = weights[index].tensor.tensor
    return true
  }

  public func isSlotFilled(_ slot: Int) -> Bool { filledSlots.contains(slot) }

  public func parameterName(_ index: Int) -> UnsafePointer<CChar>? {
    parameters.indices.contains(index) ? text(parameters[index].name) : nil
  }

  public func parameter(_ name: String) -> Double? { parameters.first { $0.name == name }?.value }

  public func fileSize(_ path: String) -> Int64 { fileSizes[path] ?? -1 }

  public func nextRandom() -> UInt64 {
    defer { nextRandomBits &+= 1 }
    return nextRandomBits
  }

  public func monotonicNanoseconds() -> Int64 {
    defer { monotonic += clockStep }
    return monotonic
  }

  public func wallNanoseconds() -> Int64 {
    defer { wall += clockStep }
    return wall
  }

  public func addMonitor(_ component: ComponentDescription, name: String) throws {
    if let monitorError { throw monitorError }
    addedMonitors.append((component, name))
  }

  // MARK: - Effects

  public func publish(_ id: UInt32, _ value: Double) { record("publish \(metricName(of: id)) \(value)") }
  public func publishText(_ name: String, _ text: String) { record("publish \(name) \"\(text)\"") }
  public func publishList(_ name: String, _ values: [Double]) { record("publish \(name) \(values)") }
  public func stop(_ reason: String) { record("stop \"\(reason)\"") }
  public func log(_ level: UInt32, _ text: String) {
    record("log \(["debug", "info", "warning"][Int(min(level, 2))]) \"\(text)\"")
  }
  public func status(_ text: String) { record("status \"\(text)\"") }

  public func assignWeights(_ weights: UnsafeBufferPointer<UnsafePointer<ty_weight>?>) {
    let names = weights.map { $0.map { String(cString: $0.pointee.name) } ?? "NULL" }
    record("assign \(names.joined(separator: ", "))")
  }

  public func slotTake(_ slot: Int) { record("slot_take \(slot)") }
  public func slotRestore(_ slot: Int) { record("slot_restore \(slot)") }
  public func slotSwap(_ slot: Int) { record("slot_swap \(slot)") }
  public func slotBlend(_ slot: Int, slotScale: Double, weightScale: Double) {
    record("slot_blend \(slot) \(slotScale) \(weightScale)")
  }
  public func slotDrop(_ slot: Int) { record("slot_drop \(slot)") }
  public func saveWeights(_ path: String) { record("save_weights \(path)") }
  public func markCheckpoint() { record("mark_checkpoint") }
  public func setParameter(_ name: String, _ value: Double) { record("set \(name) \(value)") }
  public func startFile(_ path: String) {
    record("start \(path)")
    files[path] = []
  }
  public func appendFile(_ path: String, _ bytes: UnsafeRawBufferPointer) {
    record("append \(path) \"\(String(decoding: bytes, as: UTF8.self))\"")
    files[path, default: []] += bytes
  }
  public func removeFile(_ path: String) { record("remove \(path)") }

  private func record(_ effect: String) { effects.append(effect) }

  private func metricName(of id: UInt32) -> String {
    Int(id) < metrics.count ? metrics[Int(id)] : "metric \(id)"
  }

  /// A copy that lives as long as this object.
  private func text(_ text: String) -> UnsafePointer<CChar> {
    if let known = texts[text] { return UnsafePointer(known) }
    let bytes = Array(text.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    texts[text] = copy
    return UnsafePointer(copy)
  }
}
