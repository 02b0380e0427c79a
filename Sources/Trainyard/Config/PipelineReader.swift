import Training

/// Reads the sections of a pipeline and collects what is wrong with them.
///
/// Reading goes on after a problem, with a stand-in for what could not be read: where there was any problem, the
/// config that comes out is good for finding further ones, and not for a run.
struct PipelineReader {
  let baseFolder: String
  var problems: [ConfigProblem] = []

  init(baseFolder: String) {
    self.baseFolder = baseFolder
  }

  mutating func read(_ root: ConfigNode) throws(ConfigProblems) -> PipelineConfig {
    guard root.isMap else {
      let found = root.isNull ? "it is empty" : "found \(root.found)"
      throw ConfigProblems([
        ConfigProblem(
          .wrongType, "a pipeline must be a map: \(found)", at: root.position,
          help: "it needs at least 'data: {train: {dataset: …}}' and 'model: {plugin: …}'")
      ])
    }
    let top = values(of: .pipeline, root, owner: "the pipeline", place: "")
    let monitors = elements("monitors", root)
    let training = train(root["train"])
    let config = PipelineConfig(
      data: data(child("data", of: .pipeline, root, owner: "the pipeline")),
      model: model(child("model", of: .pipeline, root, owner: "the pipeline")),
      train: training,
      monitors: monitors.filter { !Self.isMeasure($0.node) }.compactMap {
        plugin(.monitor, $0.node, place: $0.place)
      },
      measures: measures(monitors.filter { Self.isMeasure($0.node) }),
      callbacks: elements("callbacks", root).compactMap { plugin(.callback, $0.node, place: $0.place) },
      output: output(root["output"]),
      isolatesAll: top.optionalText("isolation") == "all",
      checkpoints: checkpoints(root["checkpoints"]),
      crossValidation: crossValidation(root["cross_validation"], seed: training.seed),
      pluginFolders: values(of: .plugins, root["plugins"], owner: "'plugins'", place: "plugins").texts(
        "path"),
      search: root["search"].flatMap { $0.isNull ? nil : search($0) },
      baseFolder: baseFolder)
    checkNames([config.model.plugin] + config.monitors + config.callbacks, config.measures)
    return config
  }

  // MARK: Sections

  private mutating func data(_ node: ConfigNode?) -> DataConfig {
    let values = values(of: .data, node, owner: "'data'", place: "data")
    let map = node ?? ConfigNode(.map([]))
    let train = node?.isMap == true ? child("train", of: .data, map, owner: "'data'", place: "data") : nil
    return DataConfig(
      train: train.flatMap { plugin(.dataset, $0, place: "data.train") }
        ?? PluginConfig(.dataset, .id(""), place: "data.train"),
      validation: validation(map["validation"]),
      scale: values.optionalDouble("scale"),
      standardizes: values.bool("standardize"),
      missing: Preprocessing.Missing(rawValue: values.text("missing")) ?? .refuse,
      oneHot: values.bool("one_hot"),
      task: TargetPlan.Setting(rawValue: values.text("task")) ?? .auto,
      classWeight: classWeight(map["class_weight"]))
  }

  private mutating func validation(_ node: ConfigNode?) -> DataConfig.Validation {
    guard let node, !node.isNull else { return .none }
    let place = "data.validation"
    if node.string != nil || node["dataset"] != nil {
      return plugin(.dataset, node, place: place).map { .dataset($0) } ?? .none
    }
    if node.isMap && node["fraction"] == nil {
      let nearest = node.entries.lazy.compactMap { entry in
        NearestName.of(entry.key, among: ["fraction", "dataset"]).map {
          "did you mean '\($0)' by '\(entry.key)'?"
        }
      }
      problems.append(
        ConfigProblem(
          .missingKey, "'data.validation' has neither 'fraction' nor 'dataset'", at: node.position, in: place,
          help: nearest.first ?? "write {fraction: 0.1}, or {dataset: …} with its options"))
      return .none
    }
    let values = values(of: .validation, node, owner: "'data.validation'", place: place)
    return .fraction(values.optionalDouble("fraction") ?? 0, isStratified: values.bool("stratify"))
  }

  mutating func classWeight(_ node: ConfigNode?) -> DataConfig.ClassWeight {
    guard let node, !node.isNull else { return .none }
    if node.string == "balanced" { return .balanced }
    let weight = OptionSpec("", .float, range: "(0, )")
    guard node.isMap else {
      problems.append(
        ConfigProblem(
          .wrongType, "key 'class_weight' of 'data' must be 'balanced' or a map, not \(node.found)",
          at: node.position, in: "data", help: "write balanced, or {cat: 1, dog: 2.5}"))
      return .none
    }
    var specs: [OptionSpec] = []
    for entry in node.entries {
      var spec = weight
      spec.key = entry.key
      specs.append(spec)
    }
    let values = values(
      of: PipelineSection("data.class_weight", "", specs), node, owner: "'data.class_weight'",
      place: "data.class_weight")
    return .given(values.values.compactMapValues(\.float))
  }

  private mutating func model(_ node: ConfigNode?) -> ModelConfig {
    let missing = PluginConfig(.model, .id(""), place: "model")
    guard let node else { return ModelConfig(plugin: missing) }
    let plugin = plugin(.model, node, place: "model") ?? missing
    // Its type has been checked with the other keys of the plugin.
    let path = node["initial_weights"].flatMap { $0.isNull ? nil : $0.text }
    return ModelConfig(
      plugin: plugin, initialWeights: path.map { AbsolutePath.of($0, baseFolder: baseFolder) })
  }

  private mutating func train(_ node: ConfigNode?) -> TrainConfig {
    let values = values(of: .train, node, owner: "'train'", place: "train")
    let batchSize = values.int("batch_size")
    return TrainConfig(
      epochs: values.int("epochs"),
      batchSize: batchSize,
      seed: UInt64(clamping: values.int("seed")),
      shuffles: values.bool("shuffle"),
      validationBatchSize: values.optionalInt("validation_batch_size") ?? batchSize,
      validationEvery: values.int("validation_every"),
      threads: values.int("threads"),
      prefetch: Prefetch(rawValue: values.text("prefetch")) ?? .auto,
      maxSteps: values.optionalInt("max_steps"),
      isStrict: values.bool("strict"),
      learningRateSearch: node?["find_learning_rate"].map { learningRateSearch($0) })
  }

  mutating func learningRateSearch(_ node: ConfigNode) -> LearningRateSearch {
    let place = "train.find_learning_rate"
    let values = values(of: .findLearningRate, node, owner: "'\(place)'", place: place)
    let search = LearningRateSearch(
      minimum: values.double("min"), maximum: values.double("max"), steps: values.int("steps"),
      ramp: LearningRateSearch.Ramp(rawValue: values.text("ramp")) ?? .exponential,
      divergence: values.double("divergence"))
    if search.minimum >= search.maximum {
      problems.append(
        ConfigProblem(
          .outOfRange, "'min' of '\(place)' is \(search.minimum), and 'max' is \(search.maximum)",
          at: node.position,
          in: place, help: "the rate rises from min to max"))
    }
    return search
  }

  private mutating func output(_ node: ConfigNode?) -> OutputConfig {
    let values = values(of: .output, node, owner: "'output'", place: "output")
    let name = values.optionalText("name")
    if let name { check(name: name, at: node?["name"]?.position, place: "output") }
    // Where the user is, unless the file says otherwise: what it says is relative to itself.
    let folder = node?["folder"] == nil ? AbsolutePath.of("runs", baseFolder: ".") : values.text("folder")
    return OutputConfig(
      folder: folder, name: name, record: OutputConfig.Record(rawValue: values.text("record")) ?? .epochs,
      store: store(node?["store"], in: folder))
  }

  /// Where it is not given, or true, the store lies beside the runs.
  private mutating func store(_ node: ConfigNode?, in folder: String) -> String? {
    switch node?.value {
    case .bool(false): return nil
    case nil, .null, .bool(true): return folder + "/" + OutputConfig.storeName
    default: break
    }
    if let text = node?.string, !text.isEmpty { return AbsolutePath.of(text, baseFolder: baseFolder) }
    problems.append(
      ConfigProblem(
        .wrongType, "key 'store' of 'output' must be a path, or false, not \(node?.found ?? "nothing")",
        at: node?.position, in: "output",
        help: "write runs.db, or false where no file is to keep what was run"))
    return nil
  }

  /// `false`: none are taken.
  private mutating func checkpoints(_ node: ConfigNode?) -> CheckpointPolicy? {
    guard let node, !node.isNull else { return CheckpointPolicy() }
    if case .bool(let isOn) = node.value { return isOn ? CheckpointPolicy() : nil }
    guard node.isMap else {
      problems.append(
        ConfigProblem(
          .wrongType, "key 'checkpoints' of the pipeline must be a map or false, not \(node.found)",
          at: node.position, in: "checkpoints", help: "write {every_epochs: 1}, or false for none"))
      return nil
    }
    let values = values(of: .checkpoints, node, owner: "'checkpoints'", place: "checkpoints")
    let epochs = values.optionalInt("every_epochs")
    let steps = values.optionalInt("every_steps")
    let hasOther = epochs != nil || steps != nil
    return CheckpointPolicy(
      everyEpochs: epochs, everySteps: steps,
      everySeconds: values.optionalDouble("every_seconds")
        ?? (hasOther ? nil : CheckpointPolicy.standardSeconds),
      keep: values.int("keep"), keepFinished: values.bool("keep_finished"))
  }

  /// In the order in which they are made, which need not be that of the file.
  private mutating func measures(_ nodes: [(node: ConfigNode, place: String)]) -> [MeasureConfig] {
    let (sorted, circles) = MeasureOrder.sorted(nodes.compactMap { measure($0.node, place: $0.place) })
    problems += circles
    return sorted
  }

  // MARK: Values

  mutating func values(
    of section: PipelineSection, _ node: ConfigNode?, owner: String, place: String
  ) -> SectionValues {
    let structure = section.keys.filter { $0.type == .table }.map(\.key)
    return read(
      section, node ?? ConfigNode(.map([])), owner: owner, place: place, structure: Set(structure))
  }

  /// - Parameters:
  ///   - structure: Keys of the section that are read apart.
  ///   - hints: Keys of the map that are somebody else's, unless one of them is a missing one of ours misspelt.
  mutating func read(
    _ section: PipelineSection, _ node: ConfigNode, owner: String, place: String, structure: Set<String> = [],
    hints: [String] = []
  ) -> SectionValues {
    let rows = section.keys.filter { !structure.contains($0.key) }
    var parser = OptionParser(owner: owner, place: place, baseFolder: baseFolder, noun: "key")
    parser.listedKeys = section.keys.map(\.key)
    if section.path.isEmpty { parser.pathsElsewhere = PipelineSection.pathsBelowTop }
    var (values, found) = parser.values(for: rows, from: node, ignoring: structure)
    let missing = rows.filter { values[$0.key] == nil && $0.isRequired }.map(\.key)
    for index in found.indices where found[index].code == .missingKey {
      for hint in hints {
        guard let key = NearestName.of(hint, among: missing) else { continue }
        found[index].help = "did you mean '\(key)' by '\(hint.shownInMessages)'?"
      }
    }
    problems += found
    return SectionValues(values: values)
  }

  /// A map or list inside a section, which is read apart.
  private mutating func child(
    _ key: String, of section: PipelineSection, _ node: ConfigNode, owner: String, place: String = ""
  ) -> ConfigNode? {
    if let child = node[key], !child.isNull { return child }
    problems.append(
      ConfigProblem(
        .missingKey, "key '\(key)' of \(owner) is missing", at: node.position, in: place,
        help: section.keys.first { $0.key == key }.map { "give it; \($0.summary)" } ?? ""))
    return nil
  }

  private mutating func elements(_ key: String, _ root: ConfigNode) -> [(node: ConfigNode, place: String)] {
    guard let node = root[key], !node.isNull else { return [] }
    guard case .list(let nodes) = node.value else {
      problems.append(
        ConfigProblem(
          .wrongType, "key '\(key)' of the pipeline must be a list, not \(node.found)", at: node.position,
          in: key, help: "begin each of its elements with '- '"))
      return []
    }
    return nodes.enumerated().map { ($0.element, "\(key)[\($0.offset)]") }
  }
}

/// The values of a section. A value that could not be read is a stand-in here and a problem elsewhere.
struct SectionValues {
  var values: [String: OptionValue]

  func bool(_ key: String) -> Bool { values[key]?.bool ?? false }
  func int(_ key: String) -> Int { optionalInt(key) ?? 0 }
  func optionalInt(_ key: String) -> Int? { values[key]?.int.map { Int($0) } }
  func optionalDouble(_ key: String) -> Double? { values[key]?.float }
  func double(_ key: String) -> Double { optionalDouble(key) ?? 0 }
  func text(_ key: String) -> String { optionalText(key) ?? "" }
  func optionalText(_ key: String) -> String? { values[key]?.text }
  func texts(_ key: String) -> [String] { values[key]?.elements.compactMap(\.text) ?? [] }
}
