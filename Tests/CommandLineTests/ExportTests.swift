import Glibc
import Support
import Testing
import Trainyard

/// `trainyard export`: the bytes that it writes, read by a small reader here, and by ONNX's own where it is there.
@Suite struct ExportTests {
  let program: TrainyardProgram

  init() throws {
    program = try TrainyardProgram()
    var rows = "a,b,k,animal,sex,y,z\n"
    for row in 0..<60 {
      let animal = row % 3
      let colour = row % 11 == 0 ? "" : ["red", "green", "\"dark, blue\""][row / 3 % 3]
      let size = row % 13 == 5 ? "" : "\(animal * 3).\(row % 7)"
      rows += "\(size),-\(animal * 2).\(row % 5),\(colour),\(["\"cat, big\"", "dog", "owl"][animal]),"
      rows += "\(["f", "m"][row % 2]),\(animal).\(row % 9),-\(row % 4)\n"
    }
    try program.folder.write("rows.csv", rows)
  }

  struct Case: Sendable {
    var target: String
    var model = "hidden=[8]"
    var settings = ""
    var numbers = "f32"
    /// In another order than in the file; the model's input has numbers first.
    var features = ""
    /// What ONNX's runtime says of inputs and outputs.
    var signature: String
    /// The operators between the inputs and the first layer.
    var preprocessing: [String] = []
  }

  /// Of texts, in a column for each category.
  static let categories = ["Reshape", "Reshape", "Equal", "Cast", "Reshape", "Concat"]
  static let filledCategories = [
    "Reshape", "Equal", "Where", "Reshape", "Equal", "Cast", "Reshape", "Concat",
  ]

  static let cases: [Case] = [
    Case(
      target: "animal", settings: "--set data.standardize=true --set data.missing=mean",
      signature:
        "features:tensor(float) k:tensor(string) -> class:tensor(string) probabilities:tensor(float)",
      preprocessing: ["Cast", "IsNaN", "Where", "Sub", "Mul", "Cast"] + filledCategories),
    Case(
      target: "sex", model: "hidden=[5,4],activation=gelu",
      settings: "--set data.standardize=true --set data.missing=most_frequent", numbers: "f64",
      signature: "features:tensor(double) k:tensor(string) -> class:tensor(string) probability:tensor(float)",
      preprocessing: ["IsNaN", "Where", "Sub", "Mul", "Cast"] + filledCategories),
    Case(
      target: "y", model: "hidden=[8],activation=tanh", settings: "--set data.missing=zero",
      signature: "features:tensor(float) k:tensor(string) -> prediction:tensor(float)",
      preprocessing: ["Cast", "IsNaN", "Where", "Cast"] + categories),
    Case(
      target: "[y,z]", model: "hidden=[],activation=sigmoid", settings: "--set data.missing=median",
      signature: "features:tensor(float) k:tensor(string) -> prediction:tensor(float)",
      preprocessing: ["Cast", "IsNaN", "Where", "Cast"] + filledCategories),
    Case(
      target: "z", settings: "--set data.missing=zero", features: ",features=[b,k,a]",
      signature: "features:tensor(float) k:tensor(string) -> prediction:tensor(float)",
      preprocessing: ["Cast", "IsNaN", "Where", "Cast"] + categories),
  ]

  /// The dataset of a case, without the other targets.
  private func data(_ row: Case) -> String {
    let others = ["animal", "sex", "y", "z"].filter { !row.target.contains($0) }.joined(separator: ",")
    return "csv:file=rows.csv,target=\(row.target),categorical=[k],ignore=[\(others)]"
      + row.features
  }

  private func train(_ row: Case) throws {
    let run = try program.run(
      "run --data \(data(row)) --model mlp:\(row.model) --epochs 3 --batch-size 10 --name one --seed 3 "
        + row.settings)
    try #require(run.status == 0, "\(run)")
  }

  @Test(arguments: cases.indices)
  func `the file is an ONNX model with the weights, the preprocessing and the names`(_ index: Int) throws {
    let row = Self.cases[index]
    try train(row)
    let answer = try program.run("export runs/one --numbers \(row.numbers) --output model.onnx")
    let bytes = try readFile(program.folder("model.onnx"))
    #expect(answer == .init(status: 0, output: "wrote model.onnx, \(bytes.count) bytes\n"))

    let model = try Message(bytes)
    #expect(model.numbers(1) == [9])
    #expect(model.texts(2) == ["trainyard"])
    #expect(try model.messages(8).map { $0.numbers(2) } == [[19]])
    let graph = try #require(try model.messages(7).first)
    let nodes = try graph.messages(1)
    let operations = nodes.flatMap { $0.texts(4) }
    let firstLayer = try #require(operations.firstIndex(of: "Gemm"))
    #expect(Array(operations[..<firstLayer]) == row.preprocessing)
    // Each value is made once, before it is used.
    let initializers = try graph.messages(5)
    var known = Set(initializers.flatMap { $0.texts(8) } + (try graph.messages(11)).flatMap { $0.texts(1) })
    for node in nodes {
      #expect(node.texts(1).allSatisfy(known.contains))
      #expect(node.texts(2).allSatisfy { known.insert($0).inserted })
    }
    #expect(try graph.messages(12).flatMap { $0.texts(1) }.allSatisfy(known.contains))

    // The rows of the first weights are in the order of the inputs: numbers, then categories.
    let isReordered = !row.features.isEmpty
    let weights = try SafeTensors.read(program.folder("runs/one/model/weights.safetensors")).tensors
    for weight in weights {
      let found = initializers.first { $0.texts(8)[0].hasPrefix("/\(weight.name)_") }
      let tensor = try #require(found, "\(weight.name)")
      var values = Array(weight.tensor.bytes)
      if isReordered, weight.name == "layers.0.weight" {
        let size = values.count / 5
        values = [0, 4, 1, 2, 3].flatMap { values[$0 * size..<($0 + 1) * size] }
      }
      #expect(tensor.data(9).first == values)
      #expect(tensor.varints(1) == weight.tensor.shape.map { UInt64($0) })
    }
    var facts: [String: String] = [:]
    for entry in try model.messages(14) { facts[entry.texts(1)[0]] = entry.texts(2)[0] }
    #expect(facts["feature_names"] == (isReordered ? "[\"b\", \"a\"]" : "[\"a\", \"b\"]"))
    #expect(
      facts["class_names"]
        == ["animal": "[\"cat, big\", \"dog\", \"owl\"]", "sex": "[\"f\", \"m\"]"][row.target])
  }

  /// With `ONNX_PYTHON` set to a Python that has the packages onnx and onnxruntime, as `make onnx-check` does.
  @Test(.enabled(if: getenv("ONNX_PYTHON") != nil), arguments: cases.indices)
  func `ONNX's runtime predicts the same`(_ index: Int) throws {
    let row = Self.cases[index]
    try train(row)
    try #require(try program.run("export runs/one --numbers \(row.numbers)").status == 0)
    try #require(try program.run("predict runs/one --data \(data(row)) --output predictions.csv").status == 0)
    let python = getenv("ONNX_PYTHON").map { String(cString: $0) } ?? ""
    let script = packageFolder() + "/Tests/CommandLineTests/Fixtures/run_onnx.py"
    let files = ["runs/one/model.onnx", "rows.csv", "predictions.csv"].map { program.folder($0) }
    #expect(try Shell.check([python, script] + files).output == row.signature + "; 60 rows\n")
  }

  @Test func `what cannot be exported`() throws {
    #expect(try program.run("export nowhere").errors.contains("there is no model.json in it"))
    try train(Self.cases[0])
    let file = program.folder("runs/one/model/model.json")
    let text = try readText(file)
    try program.folder.write(
      "runs/one/model/model.json", text.replacing("\"plugin\": \"mlp\"", with: "\"plugin\": \"other\""))
    let answer = try program.run("export runs/one")
    #expect(answer.status == 2)
    #expect(answer.errors.contains("a model of 'other' cannot be exported to ONNX"))
    try program.folder.write("runs/one/model/model.json", text)
    try Shell.check(["cp", program.folder("rows.csv"), program.folder("runs/one/model/weights.safetensors")])
    #expect(try program.run("export runs/one").errors.contains("is not a whole safetensors file"))
  }
}

/// Fields of a message in the wire format of Protocol Buffers, by number.
private struct Message {
  private var fields: [(number: Int, bytes: [UInt8], value: UInt64)] = []

  init(_ bytes: [UInt8]) throws {
    var place = 0
    while place < bytes.count {
      let key = try Self.varint(bytes, &place)
      switch key & 7 {
      case 0: fields.append((Int(key >> 3), [], try Self.varint(bytes, &place)))
      case 2:
        let count = Int(try Self.varint(bytes, &place))
        guard count <= bytes.count - place else { throw TestError("a field goes beyond its message") }
        fields.append((Int(key >> 3), Array(bytes[place..<place + count]), 0))
        place += count
      default: throw TestError("wire type \(key & 7)")
      }
    }
  }

  func numbers(_ field: Int) -> [UInt64] { fields.filter { $0.number == field }.map(\.value) }
  func data(_ field: Int) -> [[UInt8]] { fields.filter { $0.number == field }.map(\.bytes) }
  func texts(_ field: Int) -> [String] { data(field).map { String(decoding: $0, as: UTF8.self) } }
  func messages(_ field: Int) throws -> [Message] { try data(field).map { try Message($0) } }

  /// Packed numbers.
  func varints(_ field: Int) -> [UInt64] {
    data(field).flatMap { bytes in
      var (place, values) = (0, [UInt64]())
      while place < bytes.count, let value = try? Self.varint(bytes, &place) { values.append(value) }
      return values
    }
  }

  private static func varint(_ bytes: [UInt8], _ place: inout Int) throws -> UInt64 {
    var (value, shift) = (UInt64(0), UInt64(0))
    while place < bytes.count, shift < 64 {
      let byte = bytes[place]
      place += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw TestError("a number without an end")
  }
}
