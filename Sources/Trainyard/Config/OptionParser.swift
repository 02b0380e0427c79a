import PluginHost

/// Reads a map by rows: types, ranges and choices are checked, defaults filled in, and every problem told.
public struct OptionParser {
  /// Whose options they are, as messages say it: `callback 'early-stopping'`.
  public var owner: String
  /// Where that stands in the config: `callbacks[0]`.
  public var place: String
  /// What paths are relative to.
  public var baseFolder: String
  /// What messages call a row.
  public var noun = "option"
  /// The keys that a message about an unknown one lists; those of the rows where there are none.
  var listedKeys: [String] = []
  /// Keys that belong into another map, and their paths: `epochs` and `train.epochs`.
  var pathsElsewhere: [String: String] = [:]

  public init(owner: String, place: String = "", baseFolder: String, noun: String = "option") {
    self.owner = owner
    self.place = place
    self.baseFolder = baseFolder
    self.noun = noun
  }

  /// The values by key, as far as they are right, and the problems. An option that is neither given nor has
  /// a default has no value.
  ///
  /// - Parameters:
  ///   - specs: The options.
  ///   - node: The map that has their values.
  ///   - baseFolder: What relative paths are relative to.
  ///   - owner: Whose options they are, in messages: "callback 'early-stopping'".
  ///   - place: Where the map stands, in messages.
  ///   - reservedKeys: Keys of the map that are not options; they are passed over.
  public static func values(
    for specs: [OptionSpec], from node: ConfigNode, baseFolder: String, owner: String, place: String = "",
    ignoring reservedKeys: Set<String> = []
  ) -> ([String: OptionValue], [ConfigProblem]) {
    OptionParser(owner: owner, place: place, baseFolder: baseFolder)
      .values(for: specs, from: node, ignoring: reservedKeys)
  }

  public func values(
    for specs: [OptionSpec], from node: ConfigNode, ignoring reservedKeys: Set<String> = []
  ) -> ([String: OptionValue], [ConfigProblem]) {
    guard node.isMap || node.isNull else {
      let message = "\(owner) must be a map of \(noun)s, not \(node.found)"
      return (
        [:], [ConfigProblem(.wrongType, message, at: node.position, in: place, help: "write key: value")]
      )
    }
    var values: [String: OptionValue] = [:]
    var problems: [ConfigProblem] = []
    var restEntries: [ConfigNode.Entry] = []
    let rest = specs.first { $0.type == .rest }
    let known = specs.filter { $0.type != .rest }
    var given: Set<String> = []

    for entry in node.entries where !reservedKeys.contains(entry.key) {
      guard let spec = known.first(where: { $0.key == entry.key }) else {
        restEntries.append(entry)
        if rest == nil {
          let listed = listedKeys.isEmpty ? known.map(\.key) : listedKeys
          problems.append(unknown(entry, among: listed, reserved: reservedKeys.sorted()))
        }
        continue
      }
      given.insert(spec.key)
      do throws(ConfigProblem) {
        values[spec.key] = try value(of: spec, entry.value)
      } catch {
        problems.append(error)
      }
    }
    for spec in known where !given.contains(spec.key) {
      do throws(ConfigProblem) {
        values[spec.key] = try defaultValue(of: spec, owner: node.position)
      } catch {
        problems.append(error)
      }
    }
    if let rest {
      let extra = JSONValue(ConfigNode(.map(restEntries)))
      values[rest.key] = .text(
        restEntries.isEmpty ? rest.defaultText ?? "{}" : JSONWriter.compact(extra))
    }
    return (values, problems)
  }

  // MARK: One value

  private func value(of spec: OptionSpec, _ node: ConfigNode) throws(ConfigProblem) -> OptionValue? {
    if isNothing(node, for: spec) {
      // Nothing is a value where nothing is the default: `max_steps:` may stand there, `patience:` was forgotten.
      if spec.defaultText == nil && !spec.isRequired { return nil }
      let rest = spec.isRequired ? "write one" : "write one, or remove the key for the default"
      throw problem(.wrongType, spec, "has no value", at: node.position, help: "\(rest); \(spec.summary)")
    }
    guard spec.isList else { return try element(of: spec, node) }
    guard case .list(let nodes) = node.value else { return .list([try element(of: spec, node)]) }
    var values: [OptionValue] = []
    for node in nodes { values.append(try element(of: spec, node)) }
    return .list(values)
  }

  private func isNothing(_ node: ConfigNode, for spec: OptionSpec) -> Bool {
    node.isNull && !(spec.type == .choice && spec.choices.contains(node.text))
  }

  private func defaultValue(
    of spec: OptionSpec, owner position: SourcePosition
  ) throws(ConfigProblem) -> OptionValue? {
    guard let text = spec.defaultText, !spec.isRequired else {
      if !spec.isRequired { return nil }
      throw ConfigProblem(
        .missingKey, "\(noun) '\(spec.key)' of \(owner) is missing", at: position, in: place,
        help: "give it; \(spec.summary)")
    }
    do {
      let node = try ConfigReader.read(text: text, file: "default of '\(spec.key)'")
      return isNothing(node, for: spec) ? nil : try value(of: spec, node)
    } catch {
      throw ConfigProblem(
        .wrongOptionSpec,
        "the default of \(noun) '\(spec.key)' of \(owner) is wrong: '\(text.shownInMessages)'",
        at: position, in: place, help: "a mistake of its author: it must be \(spec.expectation)")
    }
  }

  private func element(of spec: OptionSpec, _ node: ConfigNode) throws(ConfigProblem) -> OptionValue {
    switch (spec.type, node.value) {
    case (.bool, .bool(let value)): return .bool(value)
    case (.int, .int(let value)):
      try check(Double(value), spec, node)
      return .int(value)
    case (.float, .int(let value)): return .float(try check(Double(value), spec, node))
    case (.float, .float(let value)): return .float(try check(value, spec, node))
    case (.float, .string(let text)):
      // JSON has no other way to write them.
      let special: [String: Double] = [
        "nan": .nan, "infinity": .infinity, "-infinity": -.infinity,
        "inf": .infinity, "-inf": -.infinity,
      ]
      guard let value = special[text.lowercased()] else { throw wrongType(spec, node) }
      return .float(try check(value, spec, node))
    case (.duration, .int), (.duration, .float), (.duration, .string):
      guard let value = DurationText.seconds(node.text) else { throw wrongType(spec, node) }
      return .float(try check(value, spec, node))
    case (.choice, .string), (.choice, .int), (.choice, .float), (.choice, .bool), (.choice, .null):
      return .text(try choice(spec, node))
    case (.string, .string), (.string, .int), (.string, .float), (.metric, .string), (.path, .string),
      (.path, .int), (.path, .float):
      return .text(try text(spec, node))
    // A text that may be one of a few other words.
    case (.string, .bool) where spec.choices.contains(node.text): return .text(node.text)
    case (.table, .map), (.table, .list): return .text(JSONWriter.compact(JSONValue(node)))
    default: throw wrongType(spec, node)
    }
  }

  @discardableResult
  private func check(_ value: Double, _ spec: OptionSpec, _ node: ConfigNode) throws(ConfigProblem) -> Double
  {
    let range = spec.range ?? "( , )"
    guard let interval = OptionRange(range) else {
      throw ConfigProblem(
        .wrongOptionSpec,
        "the range of \(noun) '\(spec.key)' of \(owner) is wrong: '\(range.shownInMessages)'",
        at: node.position, in: place, help: "a mistake of its author: a range is written as [0, 1) or (0, )")
    }
    guard spec.type == .duration ? interval.containsDuration(value) : interval.contains(value) else {
      let takesInfinity = interval.contains(.infinity) || interval.contains(-.infinity)
      let expected =
        value.isFinite || takesInfinity
        ? "\(interval)" : spec.range == nil ? "finite" : "finite and \(interval)"
      throw problem(
        .outOfRange, spec, "must be \(expected), not \(node.text.shownInMessages)", at: node.position,
        help: spec.summary)
    }
    return value
  }

  private func choice(_ spec: OptionSpec, _ node: ConfigNode) throws(ConfigProblem) -> String {
    if spec.choices.contains(node.text) { return node.text }
    let nearest = NearestName.of(node.text, among: spec.choices).map { "did you mean '\($0)'? " } ?? ""
    throw problem(
      .notAChoice, spec, "must be \(spec.expectation), not \(node.found)", at: node.position,
      help: nearest + spec.summary)
  }

  private func text(_ spec: OptionSpec, _ node: ConfigNode) throws(ConfigProblem) -> String {
    let text = node.text
    if text.unicodeScalars.contains("\0") {
      throw problem(
        .wrongValue, spec, "holds the character U+0000, which ends a text in C", at: node.position,
        help: "remove it")
    }
    if spec.type == .metric && text.isEmpty { throw wrongType(spec, node) }
    return spec.type == .path ? AbsolutePath.of(text, baseFolder: baseFolder) : text
  }

  // MARK: Problems

  private func unknown(_ entry: ConfigNode.Entry, among keys: [String], reserved: [String]) -> ConfigProblem {
    let name = entry.key.shownInMessages
    let list = keys.isEmpty ? "it has no \(noun)s" : "\(noun)s: \(keys.joined(separator: ", "))"
    let meant = pathsElsewhere[entry.key] ?? NearestName.of(entry.key, among: keys + reserved)
    let nearest = meant.map { "did you mean '\($0)'? " } ?? ""
    return ConfigProblem(
      .unknownKey, "unknown \(noun) '\(name)' of \(owner)", at: entry.keyPosition, in: place,
      help: nearest + list)
  }

  private func wrongType(_ spec: OptionSpec, _ node: ConfigNode) -> ConfigProblem {
    var help = spec.summary
    switch (spec.type, node.value) {
    case (.int, .float(let value)) where value == value.rounded() && abs(value) < 0x1p53:
      help = "write \(Int64(value)); \(help)"
    case (.bool, .string), (.int, .string), (.float, .string):
      if node.isQuoted, let value = YAMLScalar.value(of: node.text), ConfigNode(value).string == nil {
        help = "take away the quotes; \(help)"
      }
    case (.string, .bool): help = "put it in quotes; \(help)"
    default: break
    }
    return problem(
      .wrongType, spec, "must be \(spec.expectation), not \(node.found)", at: node.position, help: help)
  }

  private func problem(
    _ code: ConfigProblem.Code, _ spec: OptionSpec, _ what: String, at position: SourcePosition, help: String
  ) -> ConfigProblem {
    ConfigProblem(
      code, "\(noun) '\(spec.key)' of \(owner) \(what)", at: position, in: place, help: help)
  }
}
