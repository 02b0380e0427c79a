import CTrainyard
import PluginHost

/// An event as a test writes it.
public struct TestEvent {
  public var epoch: Int64 = 0
  public var batch: Int64 = -1
  public var step: Int64 = 0
  public var examples: Int64 = 0
  public var outcome: Int32 = TY_OUTCOME_NONE
  /// What is present, by name.
  public var metrics: [String: Double] = [:]
  public var text: String?

  public init(epoch: Int = 0, _ metrics: [String: Double] = [:]) {
    self.epoch = Int64(epoch)
    self.metrics = metrics
  }
}

extension CallbackInstance {
  /// Calls a hook (`TY_HOOK_…`) with an event whose metrics have the ids that `services` gives them.
  public func call(_ hook: Int32, _ event: TestEvent = TestEvent(), _ services: RecordingServices) throws {
    // In the order of names, so that ids are the same in every run of a test.
    let known = event.metrics.sorted { $0.key < $1.key }.map {
      (id: services.id(of: $0.key), value: $0.value)
    }
    var values = [Double](repeating: .nan, count: max(1, services.metrics.count))
    var present = [UInt64](repeating: 0, count: values.count / 64 + 1)
    for (id, value) in known {
      values[Int(id)] = value
      present[Int(id) / 64] |= 1 << (UInt64(id) % 64)
    }
    var raw = ty_event()
    raw.struct_size = UInt32(MemoryLayout<ty_event>.size)
    raw.hook = UInt32(bitPattern: hook)
    raw.outcome = UInt32(bitPattern: event.outcome)
    raw.metric_count = UInt32(services.metrics.count)
    raw.epoch = event.epoch
    raw.batch = event.batch
    raw.step = event.step
    raw.examples = event.examples
    let text = event.text.map { Array($0.utf8CString) } ?? []
    try values.withUnsafeBufferPointer { values in
      try present.withUnsafeBufferPointer { present in
        try text.withUnsafeBufferPointer { text in
          raw.values = values.baseAddress
          raw.present = present.baseAddress
          raw.text = event.text == nil ? nil : text.baseAddress
          try call(Int(hook), &raw)
        }
      }
    }
  }
}
