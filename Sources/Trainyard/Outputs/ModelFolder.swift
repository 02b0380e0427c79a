import FoundationEssentials
import Glibc
import PluginHost
import Training

/// `model/` in a run's folder: all that `predict` and `evaluate` need.
///
///     weights.safetensors   the weights at the end of the run
///     preprocessing.json    how features are made, as fitted on the training rows; class names
///     model.json            which plugin, with which options, for which task
///
/// and beside them what the model shows as files: weights of bytes whose names have an extension.
public struct ModelFolder {
  static let schema = 1

  public var modelID: String
  public var modelVersion: String
  /// As a config holds them.
  public var options: ConfigNode
  public var task: LearningTask
  public var preprocessing: FittedPreprocessing
  public var weights: [NamedTensor]
  /// The config of the run that the folder belongs to; empty where there is none.
  private var runConfig = ConfigNode(.map([]))

  /// What the run's config says of its model beside the plugin's own options.
  var runOfModel: ConfigNode {
    runConfig["model"].flatMap { $0.isMap ? $0 : nil } ?? ConfigNode(.map([]))
  }
  /// Whether the run kept every plugin apart.
  var runIsolatesAll: Bool { runConfig["isolation"]?.string == "all" }
  /// The folder of that run.
  private(set) var runFolder: String

  // MARK: Writing

  /// Whole or not at all, with the rest of the group. That of the run as it was when it was left is replaced.
  static func add(
    to group: FileGroup, as path: String, weights: [NamedTensor], preprocessing: FittedPreprocessing,
    plan: Plan, task: LearningTask
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = nonFinite
    let fitted = try encoder.encode(preprocessing)
    let metadata = [("format", "trainyard"), ("model", plan.model.component.id)]
    try group.addFolder(as: path) { folder in
      try folder.add(as: "weights.safetensors") { file in
        try SafeTensors.emit(weights, metadata: metadata) { try file.write($0) }
      }
      for weight in weights where isFile(weight) {
        try folder.add(as: weight.name) { try $0.write(UnsafeRawBufferPointer(weight.tensor.bytes)) }
      }
      try folder.add([UInt8](fitted) + [UInt8(ascii: "\n")], as: "preprocessing.json")
      try folder.add(JSONWriter.pretty(describe(plan.model, task)), as: "model.json")
    }
  }

  /// Whether a weight is a file that other programs read: bytes, with a name such as "model.txt".
  private static func isFile(_ weight: NamedTensor) -> Bool {
    let letters = weight.name.utf8
    return weight.tensor.type == .uint8 && weight.tensor.shape.count == 1 && letters.contains(0x2E)
      && letters.first != 0x2E && letters.count <= 100
      && letters.allSatisfy { $0 == 0x2E || $0 == 0x2D || $0 == 0x5F || isalnum(Int32($0)) != 0 }
      && !["weights.safetensors", "preprocessing.json", "model.json"].contains(weight.name)
  }

  private static let nonFinite = JSONEncoder.NonConformingFloatEncodingStrategy.convertToString(
    positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")

  private static func describe(_ model: PlannedInstance, _ task: LearningTask) -> JSONValue {
    .record([
      ("schema", .int(Int64(schema))),
      ("plugin", .string(model.component.id)),
      ("version", .string(model.component.version)),
      ("options", JSONValue(model.component.resolvedNode(of: model.options))),
      (
        "task",
        .record([
          ("kind", .string(task.kind.name)),
          ("feature_shape", .array(task.featureShape.map { .int(Int64($0)) })),
          ("output_width", .int(Int64(task.outputWidth))),
          ("class_names", .array(task.classNames.map { .string($0) })),
        ])
      ),
    ])
  }

  // MARK: Reading

  /// Reads the folder of a model. A run's folder stands for its `model/`.
  public init(_ given: String) throws {
    let inner = PathName.join(given, "model")
    let path = PathName.exists(PathName.join(inner, "model.json")) ? inner : given
    let file = PathName.join(path, "model.json")
    guard PathName.exists(file) else {
      throw ModelFolderError(path: given, detail: "there is no model.json in it")
    }
    let text = String(decoding: try InputFile.read(file, limit: 16 << 20), as: UTF8.self)
    let json: JSONValue
    do { json = try JSONValue(parsing: text, from: file) } catch {
      throw ModelFolderError(path: file, detail: error.problems.first?.message ?? "it is not JSON")
    }
    guard json["schema"]?.int == Int64(Self.schema) else {
      let found = json["schema"]?.int.map { "\($0)" } ?? "none"
      throw ModelFolderError(
        path: file, detail: "its schema is \(found), and this version reads \(Self.schema)")
    }
    guard let id = json["plugin"]?.string, let version = json["version"]?.string,
      let options = json["options"],
      let kind = TaskKind.allNamed[json["task"]?["kind"]?.string ?? ""],
      let shape = json["task"]?["feature_shape"]?.array?.compactMap({ $0.int.flatMap { Int(exactly: $0) } }),
      let width = json["task"]?["output_width"]?.int.flatMap({ Int(exactly: $0) }),
      !shape.isEmpty, shape.allSatisfy({ $0 > 0 }), width > 0
    else { throw ModelFolderError(path: file, detail: "its plugin, options or task is missing or damaged") }
    modelID = id
    modelVersion = version
    self.options = options.node
    let names = json["task"]?["class_names"]?.array?.compactMap(\.string) ?? []
    task = LearningTask(kind: kind, featureShape: shape, outputWidth: width, classNames: names)
    let fittedFile = PathName.join(path, "preprocessing.json")
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do {
      let bytes = try InputFile.read(fittedFile, limit: 256 << 20)
      preprocessing = try decoder.decode(FittedPreprocessing.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw ModelFolderError(path: fittedFile, detail: "it cannot be read: \(error.shortText)")
    }
    weights = try SafeTensors.read(PathName.join(path, "weights.safetensors")).tensors
    runFolder = path == inner ? given : PathName.join(given, "..")
    let config = PathName.join(runFolder, "config.json")
    if PathName.exists(config) { runConfig = try ConfigReader.read(path: config) }
  }
}

extension TaskKind {
  static let allNamed: [String: TaskKind] = Dictionary(
    uniqueKeysWithValues: [TaskKind.binary, .classes, .regression, .ranking].map { ($0.name, $0) })
}

extension DecodingError {
  fileprivate var shortText: String {
    switch self {
    case .keyNotFound(let key, _): "no '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.debugDescription
    @unknown default: "\(self)"
    }
  }
}

/// A model's folder that cannot be used.
public struct ModelFolderError: Error, CustomStringConvertible {
  public var path: String
  public var detail: String
  public var description: String { "cannot read the model in '\(path)': \(detail)" }
  public var help: String { "give the folder of a run that has ended, such as runs/20260101-120000" }
}
