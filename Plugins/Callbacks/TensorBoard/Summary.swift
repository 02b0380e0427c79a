/// What is written about one step: values by tag, as TensorFlow's `Event` with a `Summary`.
struct Summary {
  private var message = ProtobufMessage()
  private(set) var isEmpty = true

  mutating func add(_ tag: String, scalar value: Double) {
    add(tag) { $0.add(2, float: Float(value)) }
  }

  mutating func add(_ tag: String, _ histogram: Histogram) {
    add(tag) { $0.add(5, message: histogram.message) }
  }

  private mutating func add(_ tag: String, _ fill: (inout ProtobufMessage) -> Void) {
    var value = ProtobufMessage()
    value.add(1, text: tag)
    fill(&value)
    message.add(1, message: value)
    isEmpty = false
  }

  /// The record of an event. `time` is in seconds since 1970.
  func record(step: Int, time: Double) -> [UInt8] {
    var event = ProtobufMessage()
    event.add(1, double: time)
    event.add(2, int64: Int64(step))
    event.add(5, message: message)
    return TFRecord.frame(event.bytes)
  }

  /// What a file of events begins with.
  static func header(time: Double) -> [UInt8] {
    var event = ProtobufMessage()
    event.add(1, double: time)
    event.add(3, text: "brain.Event:2")
    return TFRecord.frame(event.bytes)
  }
}
