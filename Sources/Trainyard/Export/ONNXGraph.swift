/// A graph in the ONNX format, built node by node. Field numbers are those of `onnx.proto`.
struct ONNXGraph {
  /// The types of tensors, by their numbers in the format.
  enum ElementType: Int { case float = 1, int64 = 7, string = 8, double = 11 }

  enum Attribute {
    case int(Int)
    case float(Float)
  }

  /// Of the default operators. The least that has all that is used, `Equal` of texts among them.
  static let opset = 19
  /// The version of the format that belongs to it.
  static let formatVersion = 9

  private var nodes: [[UInt8]] = []
  private var initializers: [[UInt8]] = []
  private var inputs: [[UInt8]] = []
  private var outputs: [[UInt8]] = []
  private var metadata: [(String, String)] = []

  // MARK: Building

  /// The first dimension is the rows of a batch, any number of them.
  mutating func addInput(_ name: String, _ type: ElementType, rowShape: [Int]) -> String {
    inputs.append(Self.valueInfo(name, type, rowShape))
    return name
  }

  /// What `value` is becomes an output under that name.
  mutating func addOutput(_ name: String, _ type: ElementType, rowShape: [Int], of value: String) {
    add("Identity", [value], named: name)
    outputs.append(Self.valueInfo(name, type, rowShape))
  }

  mutating func addMetadata(_ key: String, _ text: String) { metadata.append((key, text)) }

  /// Adds a node with one output.
  /// - Returns: the output's name.
  @discardableResult
  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [],
    named name: String? = nil
  ) -> String {
    // No field is called so.
    let output = name ?? "/\(operation)_\(nodes.count)"
    var node = ProtobufWriter()
    for input in inputs { node.put(1, input) }
    node.put(2, output)
    node.put(3, "/node_\(nodes.count)")
    node.put(4, operation)
    for (key, value) in attributes {
      node.put(
        5,
        message: { attribute in
          attribute.put(1, key)
          switch value {
          case .float(let number):
            attribute.put(2, number)
            attribute.put(20, 1)
          case .int(let number):
            attribute.put(3, number)
            attribute.put(20, 2)
          }
        })
    }
    nodes.append(node.bytes)
    return output
  }

  // MARK: Constants

  mutating func constant(_ name: String, _ values: [Float], shape: [Int]) -> String {
    initializer(name, .float, shape) { $0.put(9, Self.raw(values.map(\.bitPattern.littleEndian))) }
  }

  mutating func constant(_ name: String, _ values: [Double], shape: [Int]) -> String {
    initializer(name, .double, shape) { $0.put(9, Self.raw(values.map(\.bitPattern.littleEndian))) }
  }

  mutating func constant(_ name: String, _ values: [Int], shape: [Int]) -> String {
    initializer(name, .int64, shape) { $0.put(9, Self.raw(values.map(\.littleEndian))) }
  }

  mutating func constant(_ name: String, _ values: [String], shape: [Int]) -> String {
    initializer(name, .string, shape) { writer in for text in values { writer.put(6, text) } }
  }

  private mutating func initializer(
    _ name: String, _ type: ElementType, _ shape: [Int], _ values: (inout ProtobufWriter) -> Void
  ) -> String {
    // A name of its own, whatever others are called.
    let unique = "/\(name)_\(initializers.count)"
    var tensor = ProtobufWriter()
    tensor.put(1, packed: shape)
    tensor.put(2, type.rawValue)
    tensor.put(8, unique)
    values(&tensor)
    initializers.append(tensor.bytes)
    return unique
  }

  private static func raw<Value: BitwiseCopyable>(_ values: [Value]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }

  private static func valueInfo(_ name: String, _ type: ElementType, _ rowShape: [Int]) -> [UInt8] {
    var info = ProtobufWriter()
    info.put(1, name)
    info.put(
      2,
      message: { typeProto in
        typeProto.put(
          1,
          message: { tensor in
            tensor.put(1, type.rawValue)
            tensor.put(
              2,
              message: { shape in
                shape.put(1, message: { $0.put(2, "N") })
                for size in rowShape { shape.put(1, message: { $0.put(1, size) }) }
              })
          })
      })
    return info.bytes
  }

  // MARK: The file

  func bytes(name: String, producer: String, version: String) -> [UInt8] {
    var model = ProtobufWriter()
    model.put(1, Self.formatVersion)
    model.put(2, producer)
    model.put(3, version)
    model.put(
      7,
      message: { graph in
        for node in nodes { graph.put(1, node) }
        graph.put(2, name)
        for tensor in initializers { graph.put(5, tensor) }
        for input in inputs { graph.put(11, input) }
        for output in outputs { graph.put(12, output) }
      })
    model.put(8, message: { $0.put(2, Self.opset) })
    for (key, text) in metadata {
      model.put(
        14,
        message: { entry in
          entry.put(1, key)
          entry.put(2, text)
        })
    }
    return model.bytes
  }
}
