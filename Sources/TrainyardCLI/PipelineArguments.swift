import Trainyard

/// The pipeline of a command line: the file, with the flags over it.
struct PipelineArguments {
  let command: PipelineFlags
  /// Whether a lock file beside the pipeline counts.
  var obeysLock = true

  /// What flags of one command set.
  private var more: [(flag: String, path: [String], value: ConfigNode)] = []

  init(_ command: PipelineFlags) { self.command = command }

  /// A flag over a key of the file.
  mutating func set(_ flag: String, _ path: [String], _ value: Int) {
    set(flag, path, .int(Int64(value)))
  }

  mutating func set(_ flag: String, _ path: [String], _ value: ConfigNode.Content) {
    more.append((flag, path, ConfigNode(value, at: SourcePosition(file: flag, column: 1))))
  }

  func pipeline() throws -> Pipeline {
    let fileNode = try command.pipeline.map { try ConfigReader.read(path: $0) }
    guard fileNode != nil || command.data != nil || command.model != nil else {
      throw ConfigProblems([
        ConfigProblem(
          .missingKey, "there is nothing to run", in: "command line",
          help:
            "give a pipeline file, or --data and --model: trainyard run --data synthetic:shape=moons --model mlp"
        )
      ])
    }
    var node = fileNode ?? ConfigNode(.map([]))
    var problems: [ConfigProblem] = []

    func over(_ flag: String, _ path: [String], _ make: () throws -> ConfigNode?) {
      do {
        if let value = try make() { node = node.setting(path: path, to: value) }
      } catch let error as ConfigProblems {
        problems += error.problems
      } catch {
        problems.append(ConfigProblem(.wrongValue, "\(error)", in: flag))
      }
    }
    func spec(_ text: String?, _ flag: String, _ key: String = "plugin") throws -> ConfigNode? {
      try text.map { try ConfigNode.parseInline($0, from: flag).node(pluginKey: key) }
    }

    over("--data", ["data", "train"]) { try spec(command.data, "--data", "dataset") }
    over("--validation", ["data", "validation"]) {
      guard let text = command.validation else { return nil }
      if let fraction = Double(text) { return ["fraction": ConfigNode(.float(fraction))] }
      return try spec(text, "--validation", "dataset")
    }
    over("--model", ["model"]) { try spec(command.model, "--model") }
    if !command.monitors.isEmpty {
      over("--monitor", ["monitors"]) {
        ConfigNode(.list(try command.monitors.compactMap { try spec($0, "--monitor") }))
      }
    }
    if !command.callbacks.isEmpty {
      over("--callback", ["callbacks"]) {
        ConfigNode(.list(try command.callbacks.compactMap { try spec($0, "--callback") }))
      }
    }
    over("--epochs", ["train", "epochs"]) { command.epochs.map { ConfigNode(.int(Int64($0))) } }
    over("--batch-size", ["train", "batch_size"]) { command.batchSize.map { ConfigNode(.int(Int64($0))) } }
    over("--seed", ["train", "seed"]) { command.seed.map { ConfigNode(.int(Int64(clamping: $0))) } }
    over("--output", ["output", "folder"]) {
      command.output.map { ConfigNode(.string(PathText.absolute($0))) }
    }
    over("--name", ["output", "name"]) { command.name.map { ConfigNode(.string($0)) } }
    if !command.pluginFolders.isEmpty {
      over("--plugins", ["plugins", "path"]) {
        ConfigNode(.list(command.pluginFolders.map { ConfigNode(.string(PathText.absolute($0))) }))
      }
    }
    if command.isolate { over("--isolate", ["isolation"]) { ConfigNode(.string("all")) } }
    for (flag, path, value) in more { over(flag, path) { value } }
    for setting in command.settings {
      over("--set", []) {
        let (path, value) = try assignment(setting)
        node = node.setting(path: path, to: value)
        return nil
      }
    }
    guard problems.isEmpty else { throw ConfigProblems(problems) }
    let folder = command.pipeline.map { PathText.folder(of: $0) } ?? "."
    let pipeline = try Pipeline(node, baseFolder: folder, obeysLock: obeysLock)
    if command.locked, pipeline.search.pins == nil {
      throw LockFile.missing(in: pipeline.config.baseFolder)
    }
    return pipeline
  }

  /// `train.threads=2`: a path of keys and a value in YAML.
  private func assignment(_ text: String) throws -> ([String], ConfigNode) {
    guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
      throw ConfigProblems([
        ConfigProblem(
          .syntax, "'\(text)' is not path=value", in: "--set", help: "write it as in --set train.threads=2")
      ])
    }
    let path = text[..<sign].split(separator: ".").map(String.init)
    // Column by column, as the user typed it.
    let start = SourcePosition(file: "--set", column: text[...sign].unicodeScalars.count + 1)
    return (path, try ConfigReader.read(text: String(text[text.index(after: sign)...]), at: start))
  }
}
