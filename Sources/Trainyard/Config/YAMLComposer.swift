/// Makes one node of the events of a text.
///
/// Problems that leave the rest readable (a key twice, a tag) are collected, and all come out at the end.
struct YAMLComposer {
  let events: [YAMLEvent]
  let start: SourcePosition
  let limits: ConfigLimits

  /// A node, and what it costs to use it once more: an alias to a list of aliases is how ten lines become
  /// a billion values.
  private struct Composed {
    var node: ConfigNode
    var values = 1
    var depth = 0
  }

  private var index = 0
  private var anchors: [String: Composed] = [:]
  private var values = 0
  private var problems: [ConfigProblem] = []

  init(events: [YAMLEvent], start: SourcePosition, limits: ConfigLimits) {
    self.events = events
    self.start = start
    self.limits = limits
  }

  /// The one document of the text; null where there is none.
  mutating func document() throws(ConfigProblems) -> ConfigNode {
    do throws(ConfigProblem) {
      guard next()?.kind == .documentStart, let first = next() else {
        return ConfigNode(.null, at: start)
      }
      let root = try compose(first, depth: 0).node
      if let more = next() {
        throw ConfigProblem(
          .severalDocuments, "a second document begins here", at: more.position,
          help: "a pipeline file holds one: remove this '---' and what follows it")
      }
      if problems.isEmpty { return root }
    } catch {
      problems.append(error)
    }
    throw ConfigProblems(problems)
  }

  private mutating func next() -> YAMLEvent? {
    guard index < events.count else { return nil }
    defer { index += 1 }
    return events[index]
  }

  private mutating func compose(_ event: YAMLEvent, depth: Int) throws(ConfigProblem) -> Composed {
    if event.hasTag {
      try collect(
        ConfigProblem(
          .tag, "a tag (!...) is not allowed", at: event.position,
          help: "remove it; put a number in quotes to make it a text"))
    }
    try count(1, at: event.position)
    let composed: Composed
    switch event.kind {
    case .scalar(let text, let isPlain): composed = Composed(node: try scalar(text, isPlain, event.position))
    case .listStart: composed = try list(event, depth: depth)
    case .mapStart: composed = try map(event, depth: depth)
    case .alias(let name): return try alias(name, event.position, depth: depth)
    case .documentStart, .listEnd, .mapEnd:
      throw ConfigProblem(.syntax, "not valid YAML: a value is missing", at: event.position)
    }
    if let anchor = event.anchor { anchors[anchor] = composed }
    return composed
  }

  private mutating func scalar(
    _ text: String, _ isPlain: Bool, _ position: SourcePosition
  ) throws(ConfigProblem) -> ConfigNode {
    if !isPlain { return ConfigNode(.string(text), at: position, isQuoted: true) }
    if let value = YAMLScalar.value(of: text) { return ConfigNode(value, at: position, text: text) }
    try collect(.numberTooLarge(text, at: position))
    return ConfigNode(.null, at: position)
  }

  private mutating func list(_ start: YAMLEvent, depth: Int) throws(ConfigProblem) -> Composed {
    var elements: [ConfigNode] = []
    var composed = Composed(node: ConfigNode(.null))
    while let event = next(), event.kind != .listEnd {
      let element = try compose(event, depth: depth + 1)
      elements.append(element.node)
      composed.values += element.values
      composed.depth = max(composed.depth, element.depth + 1)
    }
    composed.node = ConfigNode(.list(elements), at: start.position)
    return composed
  }

  private mutating func map(_ start: YAMLEvent, depth: Int) throws(ConfigProblem) -> Composed {
    var entries: [ConfigNode.Entry] = []
    var places: [String: Int] = [:]
    var merged: Set<String> = []
    var composed = Composed(node: ConfigNode(.null))
    while let event = next(), event.kind != .mapEnd {
      guard case .scalar(let key, let isPlain) = event.kind, event.anchor == nil, !event.hasTag,
        !(isPlain && key.isEmpty)
      else {
        throw ConfigProblem(
          .syntax, "the key of a map must be a plain or quoted text", at: event.position,
          help: "write 'key: value'; put quotes around a text that begins with a bracket, '*', '&' or '!'")
      }
      guard let valueEvent = next() else { break }
      let value = try compose(valueEvent, depth: depth + 1)
      composed.values += value.values
      composed.depth = max(composed.depth, value.depth + 1)
      if key == "<<" && isPlain {
        try merge(value.node, into: &entries, places: &places, merged: &merged)
        continue
      }
      let entry = ConfigNode.Entry(key: key, keyPosition: event.position, value: value.node)
      guard let place = places[key] else {
        places[key] = entries.count
        entries.append(entry)
        continue
      }
      if merged.remove(key) == nil {
        try collect(.duplicateKey(key, at: event.position, before: entries[place].keyPosition))
      } else {
        entries[place] = entry
      }
    }
    composed.node = ConfigNode(.map(entries), at: start.position)
    return composed
  }

  /// `<<: *other`: the keys of other maps, which those of this map replace.
  private mutating func merge(
    _ node: ConfigNode, into entries: inout [ConfigNode.Entry], places: inout [String: Int],
    merged: inout Set<String>
  ) throws(ConfigProblem) {
    let maps = node.isMap ? [node] : node.elements
    guard !maps.isEmpty, maps.allSatisfy(\.isMap) else {
      try collect(
        ConfigProblem(
          .wrongMerge, "'<<' takes a map or a list of maps, not \(node.found)", at: node.position,
          help: "write '<<: *name' with the name of a map that has an anchor"))
      return
    }
    for entry in maps.flatMap(\.entries) where places[entry.key] == nil {
      places[entry.key] = entries.count
      merged.insert(entry.key)
      entries.append(entry)
    }
  }

  private mutating func alias(
    _ name: String, _ position: SourcePosition, depth: Int
  ) throws(ConfigProblem) -> Composed {
    guard let composed = anchors[name] else {
      try collect(
        ConfigProblem(
          .unknownAlias, "no anchor is named '\(name.shownInMessages)'", at: position,
          help: NearestName.help(for: name, among: anchors.keys.sorted(), listed: "anchors").orElse(
            "put quotes around a text that begins with '*'")))
      return Composed(node: ConfigNode(.null, at: position))
    }
    try count(composed.values, at: position)
    if depth + composed.depth > limits.depth { throw .tooDeep(at: position, limits) }
    return composed
  }

  private mutating func count(_ more: Int, at position: SourcePosition) throws(ConfigProblem) {
    values += more
    if values > limits.values { throw .tooManyValues(at: position, limits) }
  }

  private mutating func collect(_ problem: ConfigProblem) throws(ConfigProblem) {
    if problems.count >= ConfigLimits.problems { throw problem }
    problems.append(problem)
  }
}

extension ConfigProblem {
  static func duplicateKey(
    _ key: String, at position: SourcePosition, before: SourcePosition
  ) -> ConfigProblem {
    let first = before.line > 0 ? "in line \(before.line)" : "before"
    return ConfigProblem(
      .duplicateKey, "key '\(key.shownInMessages)' is given twice; it stands \(first) already", at: position,
      help: "remove one of the two")
  }

  static func numberTooLarge(_ text: String, at position: SourcePosition) -> ConfigProblem {
    ConfigProblem(
      .numberTooLarge, "the number \(text.shownInMessages) is too large", at: position,
      help: "write a number below 1.8e308, or .inf; put quotes around a text")
  }
}

extension String {
  func orElse(_ other: String) -> String { isEmpty ? other : self }
}
