import CTrainyard

/// A model of a few numbers that changes at each step by a rule, so that weights say at which step they were taken.
struct ScriptedModel {
  struct Weight {
    var name: String
    var isTrainable: Bool
    var shape: [Int64]
    var values: [Float]
  }

  private(set) var weights: [Weight] = [
    Weight(name: "dense/kernel", isTrainable: true, shape: [2, 3], values: [0.5, -0.5, 0.25, 1, -1, 0.125]),
    Weight(name: "dense/bias", isTrainable: true, shape: [3], values: [0, 0.5, -0.5]),
    Weight(name: "norm/mean", isTrainable: false, shape: [1], values: [0.75]),
  ]
  var parameters: [(name: String, value: Double)] = [
    ("learning_rate", 0.5), ("momentum", 0.9), ("weight_decay", 0.0625), ("accumulate_grad_batches", 1),
  ]

  /// One step of an optimizer that knows what it wants.
  mutating func step() {
    for weight in weights.indices {
      for index in weights[weight].values.indices {
        weights[weight].values[index] = weights[weight].values[index] * 0.75 + Float(index + 1) * 0.0625
      }
    }
  }

  var values: [[Float]] {
    get { weights.map(\.values) }
    set {
      for (index, values) in newValue.enumerated() where weights.indices.contains(index) {
        weights[index].values = values
      }
    }
  }

  mutating func assign(_ name: String, _ values: [Float]) -> Bool {
    guard let index = weights.firstIndex(where: { $0.name == name }),
      weights[index].values.count == values.count
    else { return false }
    weights[index].values = values
    return true
  }

  func parameter(_ name: String) -> Double? { parameters.first { $0.name == name }?.value }

  mutating func set(_ name: String, _ value: Double) {
    guard let index = parameters.firstIndex(where: { $0.name == name }) else { return }
    parameters[index].value = value
  }

  /// A number that other weights are unlikely to have.
  static func digest(_ values: [[Float]]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for value in values.joined() {
      hash = (hash ^ UInt64(value.bitPattern)) &* 0x0000_0100_0000_01B3
    }
    return String(hash >> 40, radix: 16)
  }

  /// Fills `weight` with a copy in `memory`.
  func view(_ index: Int, into weight: UnsafeMutablePointer<ty_weight>, _ memory: any EventMemory) -> Bool {
    guard weights.indices.contains(index) else { return false }
    let source = weights[index]
    let data = memory.allocate(byteCount: source.values.count * MemoryLayout<Float>.size, alignment: 64)
    source.values.withUnsafeBytes {
      data.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(data), byteCount: $0.count)
    }
    let rank = source.shape.count
    let layout = memory.allocate(byteCount: 2 * rank * MemoryLayout<Int64>.size, alignment: 8)
      .bindMemory(to: Int64.self, capacity: 2 * rank)
    var stride: Int64 = 1
    for dimension in source.shape.indices.reversed() {
      layout[dimension] = source.shape[dimension]
      layout[rank + dimension] = stride
      stride *= source.shape[dimension]
    }
    weight.pointee.trainable = source.isTrainable ? 1 : 0
    weight.pointee.name = UnsafePointer(EventWriter.text(source.name, memory))
    weight.pointee.tensor = ty_tensor(
      data: data, device: ty_device(type: TY_DEVICE_CPU, id: 0), ndim: Int32(rank),
      dtype: ty_dtype(code: UInt8(TY_DTYPE_FLOAT), bits: 32, lanes: 1), shape: layout, strides: layout + rank,
      byte_offset: 0)
    return true
  }
}
