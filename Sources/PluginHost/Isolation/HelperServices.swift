import CTrainyard
import Glibc

/// In the helper: the host as an instance sees it. Questions go over the line while the host waits for the call to end;
/// effects are collected and go back with its result.
final class HelperServices: HostServices {
  private let line: HelperLine
  private let added: AddedMonitors
  /// Whose services these are, as `RemoteInstance.address` has it.
  var address = ""
  private(set) var effects = WireWriter()
  private(set) var effectCount: UInt32 = 0
  /// The metrics that the call has published.
  private(set) var published: [(id: UInt32, value: Double)] = []
  private var codes: [EffectCode] = []
  private var names: [UInt32: UnsafeMutablePointer<CChar>] = [:]
  // What is valid until the call returns.
  private var facts: UnsafeMutablePointer<ty_run_facts>?
  private var texts: [UnsafeMutablePointer<CChar>] = []
  private let layouts = TensorLayouts()

  init(line: HelperLine, added: AddedMonitors) {
    self.line = line
    self.added = added
  }

  deinit {
    beginCall()
    for name in names.values { name.deallocate() }
    facts?.deallocate()
  }

  /// Forgets the effects of the call before, and what was valid until it returned.
  func beginCall() {
    effects.removeAll()
    effectCount = 0
    published.removeAll(keepingCapacity: true)
    codes.removeAll(keepingCapacity: true)
    for text in texts { text.deallocate() }
    texts.removeAll(keepingCapacity: true)
    layouts.removeAll()
  }

  private func ask<T>(
    _ query: HelperQuery, _ otherwise: T, _ fill: (inout WireWriter) -> Void = { _ in },
    _ read: (inout WireReader) throws(WireFault) -> T
  ) -> T {
    var question = WireWriter()
    question.put(query.rawValue)
    fill(&question)
    var answer = WireReader(line.ask(question.bytes))
    return (try? read(&answer)) ?? otherwise
  }

  private func kept(_ text: String) -> UnsafePointer<CChar> {
    let copy = copyText(text)
    texts.append(copy)
    return UnsafePointer(copy)
  }

  // MARK: Questions

  func wantMetric(_ name: String, optional: Bool) -> UInt32 {
    ask(
      .wantMetric, .max,
      {
        $0.put(name)
        $0.put(optional)
      }
    ) { reader throws(WireFault) in try reader.take(UInt32.self) }
  }

  func declareMetric(_ name: String, direction: UInt32, phase: UInt32) -> UInt32 {
    ask(
      .declareMetric, .max,
      {
        $0.put(name)
        $0.put(direction)
        $0.put(phase)
      }
    ) { reader throws(WireFault) in try reader.take(UInt32.self) }
  }

  func metricDirection(_ id: UInt32) -> UInt32 {
    ask(.metricDirection, 0, { $0.put(id) }) { reader throws(WireFault) in try reader.take(UInt32.self) }
  }

  func metricName(_ id: UInt32) -> UnsafePointer<CChar>? {
    if let known = names[id] { return UnsafePointer(known) }
    let name: String? = ask(.metricName, nil, { $0.put(id) }) { reader throws(WireFault) in
      try reader.optionalText()
    }
    guard let name else { return nil }
    let copy = copyText(name)
    names[id] = copy
    return UnsafePointer(copy)
  }

  var runFacts: UnsafePointer<ty_run_facts>? {
    let found: (ty_run_facts, String, String)? = ask(.facts, nil) { reader throws(WireFault) in
      guard try reader.bool() else { return nil }
      return (try reader.take(FactsBytes.self).facts, try reader.text(), try reader.text())
    }
    guard let found else { return nil }
    let facts = self.facts ?? .allocate(capacity: 1)
    self.facts = facts
    facts.initialize(to: found.0)
    facts.pointee.folder = kept(found.1)
    facts.pointee.model = kept(found.2)
    return UnsafePointer(facts)
  }

  var weightCount: Int {
    ask(.weightCount, 0) { reader throws(WireFault) in Int(try reader.take(Int64.self)) }
  }

  func weight(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>) -> Bool {
    let found: (String, Bool, SharedTensor?)? = ask(.weight, nil, { $0.put(Int64(index)) }) {
      reader throws(WireFault) in
      guard try reader.bool() else { return nil }
      return (try reader.text(), try reader.bool(), try reader.tensor(in: .max))
    }
    guard let found else { return false }
    weight.pointee.name = kept(found.0)
    weight.pointee.trainable = found.1 ? 1 : 0
    weight.pointee.tensor = layouts.tensor(found.2, base: line.area(.input)?.base)
    return true
  }

  func isSlotFilled(_ slot: Int) -> Bool {
    ask(.slot, false, { $0.put(UInt8(truncatingIfNeeded: slot)) }) { reader throws(WireFault) in
      try reader.bool()
    }
  }

  func parameterName(_ index: Int) -> UnsafePointer<CChar>? {
    let name: String? = ask(.parameterName, nil, { $0.put(Int64(index)) }) { reader throws(WireFault) in
      try reader.optionalText()
    }
    return name.map { kept($0) }
  }

  func parameter(_ name: String) -> Double? {
    ask(.parameter, nil, { $0.put(name) }) { reader throws(WireFault) in
      try reader.bool() ? try reader.take(Double.self) : nil
    }
  }

  func fileSize(_ path: String) -> Int64 {
    ask(.fileSize, -1, { $0.put(path) }) { reader throws(WireFault) in try reader.take(Int64.self) }
  }

  func nextRandom() -> UInt64 {
    ask(.random, 0) { reader throws(WireFault) in try reader.take(UInt64.self) }
  }

  func monotonicNanoseconds() -> Int64 {
    ask(.monotonic, 0) { reader throws(WireFault) in try reader.take(Int64.self) }
  }

  func wallNanoseconds() -> Int64 {
    ask(.wall, 0) { reader throws(WireFault) in try reader.take(Int64.self) }
  }

  func addMonitor(_ component: ComponentDescription, name: String) throws {
    let refusal: String? = ask(
      .addMonitor, "the host gave no answer",
      {
        $0.put(name)
        $0.put(component)
      }
    ) { reader throws(WireFault) in try reader.optionalText() }
    if let refusal { throw WireFault(refusal) }
    added[address, name] = component
  }

  // MARK: Effects

  private func effect(_ code: EffectCode, _ fill: (inout WireWriter) -> Void = { _ in }) {
    effectCount &+= 1
    codes.append(code)
    effects.put(code.rawValue)
    fill(&effects)
  }

  /// Whether the next callback of the hook can be called at once.
  func letsNextGoOn(atEpochEnd: Bool) -> Bool {
    codes.allSatisfy { $0.letsNextGoOn(atEpochEnd: atEpochEnd) }
  }

  func publish(_ id: UInt32, _ value: Double) {
    published.append((id, value))
    effect(.publish) {
      $0.put(id)
      $0.put(value)
    }
  }

  func publishText(_ name: String, _ text: String) {
    effect(.text) {
      $0.put(name)
      $0.put(text)
    }
  }

  func publishList(_ name: String, _ values: [Double]) {
    effect(.list) {
      $0.put(name)
      $0.put(list: values) { $0.put($1) }
    }
  }

  func stop(_ reason: String) { effect(.stop) { $0.put(reason) } }

  func log(_ level: UInt32, _ text: String) {
    effect(.log) {
      $0.put(level)
      $0.put(text)
    }
  }

  func status(_ text: String) { effect(.status) { $0.put(text) } }

  func assignWeights(_ weights: UnsafeBufferPointer<UnsafePointer<ty_weight>?>) {
    effect(.assign) { $0.put(list: weights.compactMap { $0 }) { $0.put($1) } }
  }

  private func slot(_ code: EffectCode, _ slot: Int) {
    effect(code) { $0.put(UInt8(truncatingIfNeeded: slot)) }
  }

  func slotTake(_ slot: Int) { self.slot(.slotTake, slot) }
  func slotRestore(_ slot: Int) { self.slot(.slotRestore, slot) }
  func slotSwap(_ slot: Int) { self.slot(.slotSwap, slot) }
  func slotDrop(_ slot: Int) { self.slot(.slotDrop, slot) }

  func slotBlend(_ slot: Int, slotScale: Double, weightScale: Double) {
    effect(.slotBlend) {
      $0.put(UInt8(truncatingIfNeeded: slot))
      $0.put(slotScale)
      $0.put(weightScale)
    }
  }

  func saveWeights(_ path: String) { effect(.save) { $0.put(path) } }
  func markCheckpoint() { effect(.checkpoint) }

  func setParameter(_ name: String, _ value: Double) {
    effect(.parameter) {
      $0.put(name)
      $0.put(value)
    }
  }

  func startFile(_ path: String) { effect(.fileStart) { $0.put(path) } }

  func appendFile(_ path: String, _ bytes: UnsafeRawBufferPointer) {
    effect(.fileAppend) {
      $0.put(path)
      $0.put(bytes)
    }
  }

  func removeFile(_ path: String) { effect(.fileRemove) { $0.put(path) } }
}

/// The numbers among the facts of a run.
struct FactsBytes: BitwiseCopyable {
  var resumed: UInt32
  var seed: UInt64
  var epochs, initialEpoch, batchesPerEpoch, batchSize, trainingRows, validationRows: Int64
  var threads, rank, world, terminalWidth: Int32

  init(_ facts: ty_run_facts) {
    resumed = facts.resumed
    seed = facts.seed
    epochs = facts.epochs
    initialEpoch = facts.initial_epoch
    batchesPerEpoch = facts.batches_per_epoch
    batchSize = facts.batch_size
    trainingRows = facts.training_rows
    validationRows = facts.validation_rows
    (threads, rank, world, terminalWidth) = (facts.threads, facts.rank, facts.world, facts.terminal_width)
  }

  var facts: ty_run_facts {
    var facts = ty_run_facts()
    facts.struct_size = UInt32(MemoryLayout<ty_run_facts>.size)
    facts.resumed = resumed
    facts.seed = seed
    facts.epochs = epochs
    facts.initial_epoch = initialEpoch
    facts.batches_per_epoch = batchesPerEpoch
    facts.batch_size = batchSize
    facts.training_rows = trainingRows
    facts.validation_rows = validationRows
    (facts.threads, facts.rank, facts.world, facts.terminal_width) = (threads, rank, world, terminalWidth)
    return facts
  }
}
