import PluginKit

/// How values are distributed over buckets of equal width between the least and the greatest.
struct Histogram {
  private(set) var min = Double.infinity
  private(set) var max = -Double.infinity
  private(set) var sum = 0.0
  private(set) var sumOfSquares = 0.0
  private(set) var counts: [Double] = []

  static let mostBuckets = 64

  /// Of the finite elements; `nil` where there are none.
  init?(_ tensor: TensorView) {
    for index in 0..<tensor.count {
      let value = tensor.value(at: index)
      guard value.isFinite else { continue }
      min = Swift.min(min, value)
      max = Swift.max(max, value)
      sum += value
      sumOfSquares += value * value
    }
    guard min <= max else { return nil }
    counts = Array(repeating: 0, count: min < max && (max - min).isFinite ? Self.mostBuckets : 1)
    let scale = Double(counts.count) / (max - min)
    for index in 0..<tensor.count {
      let value = tensor.value(at: index)
      guard value.isFinite else { continue }
      let bucket = counts.count == 1 ? 0 : Int(Swift.min((value - min) * scale, Double(counts.count - 1)))
      counts[bucket] += 1
    }
  }

  /// The upper ends of the buckets.
  var limits: [Double] {
    let width = (max - min) / Double(counts.count)
    return counts.indices.map { $0 == counts.count - 1 ? max : min + width * Double($0 + 1) }
  }

  /// As TensorFlow's `HistogramProto`.
  var message: ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, double: min)
    message.add(2, double: max)
    message.add(3, double: counts.reduce(0, +))
    message.add(4, double: sum)
    message.add(5, double: sumOfSquares)
    message.add(6, doubles: limits)
    message.add(7, doubles: counts)
    return message
  }
}
