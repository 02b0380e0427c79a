import PluginHost

/// Reading what names a plugin, wherever in a pipeline it stands.
extension PipelineReader {
  mutating func plugin(_ kind: ComponentSpec.Kind, _ node: ConfigNode, place: String) -> PluginConfig? {
    let section = PluginConfig.section(of: kind)
    let key = PluginConfig.pluginKey(of: kind)
    guard node.isMap || node.string != nil else {
      problems.append(
        ConfigProblem(
          .wrongType, "'\(place)' must be the id of a \(kind.rawValue) or a map, not \(node.found)",
          at: node.position, in: place, help: "write {\(key): id, option: value}"))
      return nil
    }
    let map =
      node.isMap
      ? node : ConfigNode(.map([.init(key: key, keyPosition: node.position, value: node)]), at: node.position)
    let reserved = section.reservedKeys
    let options = map.removing(reserved)
    let ours = map.removing(Set(options.entries.map(\.key)))
    let values = read(section, ours, owner: "'\(place)'", place: place, hints: options.entries.map(\.key))
    guard let reference = values.optionalText(key).flatMap({ reference($0, map[key] ?? map, kind, place) })
    else { return nil }

    var plugin = PluginConfig(kind, reference, place: place)
    plugin.component = values.optionalText("component")
    plugin.name = values.optionalText("name")
    plugin.isolation = isolation(values, map)
    plugin.onError = PluginConfig.OnError(rawValue: values.optionalText("on_error") ?? "") ?? .fail
    plugin.options = options
    plugin.position = map.position
    plugin.baseFolder = AbsolutePath.of(".", baseFolder: folder(of: map.position))
    if let name = plugin.name { check(name: name, at: map["name"]?.position, place: place) }
    if plugin.component != nil, case .id(let id) = reference {
      problems.append(
        ConfigProblem(
          .conflict, "'component' goes with the path of a library, and '\(id)' is an id",
          at: map["component"]?.position, in: place, help: "write the component's id as '\(key)'"))
    }
    return plugin
  }

  mutating func isolation(_ values: SectionValues, _ map: ConfigNode) -> PluginConfig.IsolationConfig {
    var isolation = PluginConfig.IsolationConfig()
    if let node = map["isolate"], !node.isNull {
      switch values.optionalText("isolate") ?? "" {
      case "true": isolation.place = .own
      case "false": isolation.place = .here
      case let name:
        check(name: name, at: node.position, place: "isolate")
        isolation.place = .group(name)
      }
    }
    isolation.onCrash = values.optionalText("on_crash").flatMap(IsolationSettings.CrashPolicy.init)
    isolation.deadline = values.optionalDouble("deadline")
    isolation.network = values.values["network"]?.bool
    isolation.memoryLimit = values.values["memory_limit"]?.int
    return isolation
  }

  /// What a map of options says of isolation, and the options without it.
  mutating func isolation(in options: ConfigNode, place: String) -> (PluginConfig.IsolationConfig, ConfigNode)
  {
    let section = PipelineSection.specification
    let rest = options.removing(section.reservedKeys)
    let ours = options.removing(Set(rest.entries.map(\.key)))
    let values = read(section, ours, owner: "'\(place)'", place: place, hints: [])
    return (isolation(values, ours), rest)
  }

  private mutating func reference(
    _ text: String, _ node: ConfigNode, _ kind: ComponentSpec.Kind, _ place: String
  ) -> PluginConfig.Reference? {
    if text.contains("/") {
      return .path(asWritten: text, absolute: AbsolutePath.of(text, baseFolder: folder(of: node.position)))
    }
    let isFile = text.hasSuffix(".so") || text.contains(".so.") || text.hasSuffix(".dylib")
    if !isFile, !text.isEmpty, text.utf8.allSatisfy(Self.isIDCharacter) { return .id(text) }
    let key = PluginConfig.pluginKey(of: kind)
    let help =
      if isFile {
        "write './\(text.shownInMessages)' for a library beside the pipeline file"
      } else if let colon = text.firstIndex(of: ":") {
        "in a file the options are keys: {\(key): \(text[..<colon].shownInMessages), option: value}"
      } else {
        "an id has letters, digits, '-', '_' and '.'; a path has a '/'"
      }
    problems.append(
      ConfigProblem(
        .wrongValue, "'\(text.shownInMessages)' is neither the id of a \(kind.rawValue) nor a path",
        at: node.position, in: place, help: help))
    return nil
  }

  /// What the paths of a plugin are relative to: where the user is for one given by a flag, else where the file is.
  private func folder(of position: SourcePosition) -> String { position.isFlag ? "." : baseFolder }

  private static func isIDCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "-_.".utf8.contains(byte)
    }
  }

  // MARK: Names

  /// Names become parts of file names and of keys in checkpoints.
  mutating func check(name: String, at position: SourcePosition?, place: String) {
    if !name.isEmpty, name.utf8.allSatisfy(Self.isIDCharacter), !name.hasPrefix(".") { return }
    problems.append(
      ConfigProblem(
        .wrongValue, "'\(name.shownInMessages)' cannot be a name", at: position, in: place,
        help: "use letters, digits, '-', '_' and '.', without a '.' in front"))
  }

  mutating func checkNames(_ plugins: [PluginConfig], _ measures: [MeasureConfig] = []) {
    let names =
      plugins.map { ($0.knownName, $0.place, $0.position) }
      + measures.flatMap { measure in
        Set(measure.gives + [measure.name]).sorted().map { ($0, measure.place, measure.position) }
      }
    var owners: [String: String] = [:]
    for (name, place, position) in names {
      guard let name, !name.isEmpty else { continue }
      guard let before = owners[name] else {
        owners[name] = place
        continue
      }
      problems.append(
        ConfigProblem(
          .duplicateName, "two instances are named '\(name)': \(before) and \(place)", at: position,
          in: place,
          help: "give one of them a 'name' of its own"))
    }
  }
}
