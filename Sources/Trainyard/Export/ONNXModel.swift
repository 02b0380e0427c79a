import Training

/// A trained `mlp` as an ONNX model, with the preprocessing that was fitted with it.
///
/// Outputs: `class` and `probability` (two classes, of the second), `class` and `probabilities` (more), or
/// `prediction` (regression). Class names and columns are also in the metadata.
public struct ONNXModel {
  /// The type of the inputs that are numbers.
  public enum NumberType: String, Sendable, CaseIterable {
    case f32, f64

    var element: ONNXGraph.ElementType { self == .f32 ? .float : .double }
  }

  /// The file.
  public let bytes: [UInt8]

  public init(_ folder: ModelFolder, numbers: NumberType = .f32) throws {
    guard folder.modelID == "mlp" else {
      throw ExportError(
        "a model of '\(folder.modelID)' cannot be exported to ONNX", help: "only those of mlp can")
    }
    try folder.preprocessing.validate()
    var graph = ONNXGraph()
    let features = ONNXFeatures(folder.preprocessing, numbers: numbers, in: &graph)
    let layers = try Self.layers(folder)
    guard features.order.count == layers[0].inputs else {
      throw ExportError(
        "the model takes \(layers[0].inputs) numbers, and its preprocessing makes \(features.order.count)",
        help: "give the folder of a run as the run left it")
    }
    let activation = folder.options["activation"]?.text ?? "relu"
    var value = features.value
    for (index, layer) in layers.enumerated() {
      let rows = index == 0 ? layer.rows(in: features.order) : layer.weights
      let weights = graph.constant("layers.\(index).weight", rows, shape: [layer.inputs, layer.outputs])
      let bias = graph.constant("layers.\(index).bias", layer.bias, shape: [layer.outputs])
      value = graph.add("Gemm", [value, weights, bias])
      if index < layers.count - 1 { value = try Self.activate(value, activation, &graph) }
    }
    try Self.addOutputs(value, folder.task, &graph)
    Self.addMetadata(folder, features, &graph)
    bytes = graph.bytes(name: "mlp", producer: "trainyard", version: folder.modelVersion)
  }

  // MARK: Layers

  private struct Layer {
    var inputs: Int
    var outputs: Int
    /// `[inputs, outputs]`, row-major.
    var weights: [Float]
    var bias: [Float]

    /// The weights where inputs come in another order.
    func rows(in order: [Int]) -> [Float] {
      order.flatMap { weights[$0 * outputs..<($0 + 1) * outputs] }
    }
  }

  /// From the file of weights, which anybody may have written: sizes must fit each other.
  private static func layers(_ folder: ModelFolder) throws -> [Layer] {
    var layers: [Layer] = []
    var inputs = folder.task.featureShape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    while let weights = tensor("layers.\(layers.count).weight", folder) {
      guard let bias = tensor("layers.\(layers.count).bias", folder), weights.type == .float32,
        bias.type == .float32, weights.shape.count == 2, weights.shape[0] == inputs,
        bias.shape == [weights.shape[1]]
      else { break }
      layers.append(
        Layer(
          inputs: inputs, outputs: weights.shape[1], weights: Array(weights.floats), bias: Array(bias.floats))
      )
      inputs = weights.shape[1]
    }
    guard !layers.isEmpty, folder.weights.count == 2 * layers.count, inputs == folder.task.outputWidth else {
      throw ExportError(
        "the weights are not those of an mlp for this task",
        help: "give the folder of a run as the run left it")
    }
    let byteCount = layers.reduce(0) { $0 + 4 * ($1.weights.count + $1.bias.count) }
    // Protocol Buffers count in 31 bits.
    guard byteCount < 1 << 31 - 1 << 20 else {
      throw ExportError("weights of \(byteCount) bytes do not fit an ONNX file", help: "2 GiB is the most")
    }
    return layers
  }

  private static func tensor(_ name: String, _ folder: ModelFolder) -> Tensor? {
    folder.weights.first { $0.name == name }?.tensor
  }

  private static func activate(
    _ value: String, _ activation: String, _ graph: inout ONNXGraph
  ) throws -> String {
    switch activation {
    case "relu": return graph.add("Relu", [value])
    case "tanh": return graph.add("Tanh", [value])
    case "sigmoid": return graph.add("Sigmoid", [value])
    case "gelu":
      // x·Φ(x), of which ONNX has an operator of its own only later.
      let scaled = graph.add("Mul", [value, graph.constant("scale", [Float(0.5.squareRoot())], shape: [1])])
      let shifted = graph.add(
        "Add", [graph.add("Erf", [scaled]), graph.constant("one", [Float(1)], shape: [1])])
      let half = graph.add("Mul", [value, graph.constant("half", [Float(0.5)], shape: [1])])
      return graph.add("Mul", [half, shifted])
    default:
      throw ExportError(
        "the activation '\(activation)' is not known", help: "use the version that trained the model")
    }
  }

  // MARK: Outputs

  private static func addOutputs(_ value: String, _ task: LearningTask, _ graph: inout ONNXGraph) throws {
    func flat(_ value: String) -> String {
      graph.add("Reshape", [value, graph.constant("shape", [-1], shape: [1])])
    }
    switch task.kind {
    case .binary:
      let probability = flat(graph.add("Sigmoid", [value]))
      let half = graph.constant("half", [Float(0.5)], shape: [1])
      let isSecond = graph.add("GreaterOrEqual", [probability, half])
      addClass(
        graph.add("Cast", [isSecond], [("to", .int(ONNXGraph.ElementType.int64.rawValue))]), task, &graph)
      graph.addOutput("probability", .float, rowShape: [], of: probability)
    case .classes:
      let probabilities = graph.add("Softmax", [value], [("axis", .int(1))])
      addClass(
        graph.add("ArgMax", [probabilities], [("axis", .int(1)), ("keepdims", .int(0))]), task, &graph)
      graph.addOutput("probabilities", .float, rowShape: [task.outputWidth], of: probabilities)
    case .regression:
      let isFlat = task.outputWidth == 1
      let prediction = isFlat ? flat(value) : value
      graph.addOutput("prediction", .float, rowShape: isFlat ? [] : [task.outputWidth], of: prediction)
    case .ranking:
      throw ExportError("an mlp cannot rank", help: "give the folder of a run as the run left it")
    }
  }

  /// The name of the class where it has one, else its number.
  private static func addClass(_ number: String, _ task: LearningTask, _ graph: inout ONNXGraph) {
    let count = task.kind == .binary ? 2 : task.outputWidth
    guard task.classNames.count == count else {
      return graph.addOutput("class", .int64, rowShape: [], of: number)
    }
    let names = graph.constant("class_names", task.classNames, shape: [count])
    graph.addOutput("class", .string, rowShape: [], of: graph.add("Gather", [names, number]))
  }

  private static func addMetadata(_ folder: ModelFolder, _ features: ONNXFeatures, _ graph: inout ONNXGraph) {
    func list(_ names: [String]) -> String { JSONWriter.compact(.array(names.map { .string($0) })) }
    graph.addMetadata("task", folder.task.kind.name)
    if !folder.task.classNames.isEmpty { graph.addMetadata("class_names", list(folder.task.classNames)) }
    if !features.names.isEmpty { graph.addMetadata("feature_names", list(features.names)) }
  }
}

/// A model that cannot be exported.
public struct ExportError: Error, CustomStringConvertible {
  public var description: String
  /// What the user can do.
  public var help: String

  init(_ description: String, help: String) {
    self.description = description
    self.help = help
  }
}
