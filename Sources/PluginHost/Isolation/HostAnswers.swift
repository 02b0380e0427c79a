import CTrainyard

/// Answers what an instance in a helper asks its host, as the host's tables do for one in this process: a question that
/// the call cannot ask ends the helper.
struct HostAnswers {
  let member: RemoteInstance
  let request: HelperRequest
  let process: HelperProcess
  let deadline: Deadline
  /// The answer leads to memory that is only there during the call.
  private(set) var isFleeting = false

  private var isHook: Bool { request.call == .hook }
  private var isBegin: Bool {
    request.call == .create || request.call == .prepare || request.name == hookNames[Int(TY_HOOK_TRAIN_BEGIN)]
  }

  init(member: RemoteInstance, request: HelperRequest, process: HelperProcess, deadline: Deadline) {
    self.member = member
    self.request = request
    self.process = process
    self.deadline = deadline
  }

  mutating func answer(_ question: [UInt8]) throws(WireFault) -> [UInt8] {
    var reader = WireReader(question)
    guard let query = HelperQuery(rawValue: try reader.take(UInt8.self)) else {
      throw WireFault("a question that does not exist")
    }
    var writer = WireWriter()
    switch query {
    case .wantMetric, .declareMetric, .metricDirection, .metricName: try metric(query, &reader, &writer)
    case .weightCount, .weight, .slot, .parameterName, .parameter:
      guard isHook else { throw WireFault("a question about the model in \(request.name)") }
      try model(query, &reader, &writer)
    case .fileSize:
      guard isHook || request.call == .compute else {
        throw WireFault("a question about files in \(request.name)")
      }
      writer.put(member.services.fileSize(try reader.text()))
    case .facts:
      let facts = member.services.runFacts
      writer.put(facts != nil)
      if let facts {
        writer.put(FactsBytes(facts.pointee))
        writer.put(Foreign.words(facts.pointee.folder) ?? "")
        writer.put(Foreign.words(facts.pointee.model) ?? "")
      }
    case .addMonitor: try addMonitor(&reader, &writer)
    case .room: try makeRoom(&reader)
    case .random: writer.put(member.services.nextRandom())
    case .monotonic: writer.put(member.services.monotonicNanoseconds())
    case .wall: writer.put(member.services.wallNanoseconds())
    }
    return writer.bytes
  }

  private mutating func makeRoom(_ reader: inout WireReader) throws(WireFault) {
    guard let use = SharedUse(rawValue: try reader.take(UInt8.self)), use == .weights,
      request.call == .weights
    else { throw WireFault("memory that \(request.name) has no use for") }
    isFleeting = true
    try process.makeRoom(use, try reader.take(UInt64.self), deadline)
  }

  /// The answer is why it cannot be added, if it cannot.
  private func addMonitor(_ reader: inout WireReader, _ writer: inout WireWriter) throws(WireFault) {
    let name = try reader.text(limit: 256)
    let component = try reader.component(member.component.pins)
    guard isBegin, component.kind == .monitor, component.libraryPath == member.component.libraryPath,
      !component.options.contains(where: \.isRequired)
    else { throw WireFault("a monitor that cannot be added in \(request.name)") }
    do throws(LoadFault) { try ComponentCheck.check([component]) } catch {
      throw WireFault("what it says of the monitor that it adds cannot be")
    }
    do {
      try member.services.addMonitor(component, name: name, of: member)
      member.group.keepAdder(member)
      writer.put(nil as String?)
    } catch { writer.put("\(error)" as String?) }
  }

  private func metric(
    _ query: HelperQuery, _ reader: inout WireReader, _ writer: inout WireWriter
  ) throws(WireFault) {
    switch query {
    case .wantMetric:
      let name = try name(&reader)
      writer.put(member.services.wantMetric(name, optional: try reader.bool()))
    case .declareMetric:
      let name = try name(&reader)
      let (direction, phase) = (try reader.take(UInt32.self), try reader.take(UInt32.self))
      guard direction <= UInt32(TY_DIRECTION_MAX), (1...3).contains(phase) else {
        throw WireFault("a metric with a direction or phase that does not exist")
      }
      let id = member.services.declareMetric(name, direction: direction, phase: phase)
      member.allowPublishing(id)
      writer.put(id)
    case .metricDirection: writer.put(member.services.metricDirection(try reader.take(UInt32.self)))
    default: writer.put(Foreign.words(member.services.metricName(try reader.take(UInt32.self))))
    }
  }

  private func name(_ reader: inout WireReader) throws(WireFault) -> String {
    guard isBegin else { throw WireFault("a metric is asked for in \(request.name)") }
    let name = try reader.text(limit: 256)
    guard !name.isEmpty else { throw WireFault("a metric without a name") }
    return name
  }

  private mutating func model(
    _ query: HelperQuery, _ reader: inout WireReader, _ writer: inout WireWriter
  ) throws(WireFault) {
    let services = member.services
    switch query {
    case .weightCount: writer.put(Int64(services.weightCount))
    case .slot: writer.put(services.isSlotFilled(Int(try reader.take(UInt8.self))))
    case .parameterName:
      writer.put(Foreign.words(services.parameterName(try index(&reader))))
    case .parameter:
      let value = services.parameter(try reader.text())
      writer.put(value != nil)
      if let value { writer.put(value) }
    default:
      isFleeting = true
      request.readsWeights = true
      var weight = ty_weight()
      weight.struct_size = UInt32(MemoryLayout<ty_weight>.size)
      guard services.weight(try index(&reader), into: &weight),
        let size = try? TensorCheck.size(weight.tensor).get()
      else { return writer.put(false) }
      let start = UnsafeRawPointer(TensorCheck.start(weight.tensor))
      let offset = try process.show(UnsafeRawBufferPointer(start: start, count: size), deadline)
      writer.put(true)
      writer.put(Foreign.words(weight.name) ?? "")
      writer.put(weight.trainable != 0)
      writer.put(layoutOf: weight.tensor, at: UInt64(offset))
    }
  }

  private func index(_ reader: inout WireReader) throws(WireFault) -> Int {
    let index = try reader.take(Int64.self)
    guard (0..<1 << 31).contains(index) else { throw WireFault("an index of \(index)") }
    return Int(index)
  }
}
