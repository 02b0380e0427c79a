import Training

/// Reads `search.parameters` by the rows of the plugins: paths, types, ranges and conditions are checked before the
/// first trial, and every problem told.
struct SearchSpaceReader {
  /// Beyond it, doubles leave out integers.
  private static let largestInteger = 0x1p53

  private let config: PipelineConfig
  private let search: SearchConfig
  private let paths: SearchPaths
  private(set) var problems: [ConfigProblem] = []

  init(_ config: PipelineConfig, _ search: SearchConfig, _ paths: SearchPaths) {
    self.config = config
    self.search = search
    self.paths = paths
  }

  private static let place = "search.parameters"
  private static let kinds = ["choice", "uniform", "log_uniform", "int"]

  mutating func space() -> SearchSpace {
    let entries = search.parameters.entries
    if entries.isEmpty {
      add(
        .missingKey, "'search.parameters' is empty: there is nothing to search", search.parameters.position,
        help: "name an option and its values, as in model.learning_rate: [0.01, 0.001]")
    }
    var read: [(parameter: SearchParameter, entry: ConfigNode.Entry)] = []
    for entry in entries {
      guard let target = paths.target(entry.key) else {
        if !paths.isUnknown(entry.key) {
          add(
            .unknownKey, "'\(entry.key.shownInMessages)' is no option of this pipeline", entry.keyPosition,
            help: paths.help(for: entry.key))
        }
        continue
      }
      if target.spec?.isSecret == true {
        add(
          .conflict, "'\(entry.key)' is secret, and what a search varies is written down", entry.keyPosition,
          help: "remove it")
        continue
      }
      if config.crossValidation != nil,
        ["data.train.", "data.validation."].contains(where: entry.key.hasPrefix)
      {
        add(
          .conflict,
          "'\(entry.key)' cannot be searched with a cross-validation: its folds are those of one table",
          entry.keyPosition, help: "remove it, or remove 'cross_validation'")
        continue
      }
      guard let domain = domain(entry, target) else { continue }
      read.append((SearchParameter(entry.key, domain), entry))
    }
    for index in read.indices { read[index].parameter.conditions = conditions(read[index].entry, read) }
    let space = SearchSpace(read.map(\.parameter))
    checkCircles(read)
    checkRungs()
    if search.strategy == .grid, problems.isEmpty { checkGrid(space, read) }
    return space
  }

  // MARK: What a parameter may be

  private mutating func domain(
    _ entry: ConfigNode.Entry, _ target: SearchPaths.Target
  ) -> SearchParameter.Domain? {
    let node = entry.value
    if node.isList { return choice(node, entry, target) }
    guard node.isMap else {
      add(
        .wrongType, "'\(entry.key)' must be a list of values or a map, not \(node.found)", node.position,
        help: "write [\(node.isNull ? "1, 2" : node.description), …], or {uniform: [low, high]}")
      return nil
    }
    let known = Self.kinds + ["step", "log", "when"]
    var isRight = true
    for entry in node.entries where !known.contains(entry.key) {
      let nearest = NearestName.of(entry.key, among: known).map { "did you mean '\($0)'? " } ?? ""
      add(
        .unknownKey, "unknown key '\(entry.key.shownInMessages)' of parameter '\(target.path)'",
        entry.keyPosition, help: nearest + "keys: \(known.joined(separator: ", "))")
      isRight = false
    }
    let given = node.entries.filter { Self.kinds.contains($0.key) }
    guard let kind = given.first, given.count == 1 else {
      guard isRight else { return nil }
      add(
        given.isEmpty ? .missingKey : .conflict,
        given.isEmpty
          ? "parameter '\(target.path)' does not say what it may be"
          : "parameter '\(target.path)' has both '\(given[0].key)' and '\(given[1].key)'",
        given.last?.keyPosition ?? node.position,
        help: "give one of \(Self.kinds.joined(separator: ", "))")
      return nil
    }
    guard isRight else { return nil }
    if kind.key == "choice" {
      for key in ["step", "log"] {
        guard let position = node.entries.first(where: { $0.key == key })?.keyPosition else { continue }
        add(
          .conflict, "'\(key)' of parameter '\(target.path)' goes with numbers", position, help: "remove it")
      }
      return choice(kind.value, entry, target)
    }
    return range(kind, node, target)
  }

  private mutating func choice(
    _ node: ConfigNode, _ entry: ConfigNode.Entry, _ target: SearchPaths.Target
  ) -> SearchParameter.Domain? {
    guard node.isList, !node.elements.isEmpty else {
      add(
        node.isList ? .outOfRange : .wrongType,
        node.isList
          ? "parameter '\(target.path)' has no values"
          : "'choice' of '\(target.path)' must be a list, not \(node.found)",
        node.position, help: "list at least one value; \(target.spec?.summary ?? target.owner)")
      return nil
    }
    let before = problems.count
    for (index, element) in node.elements.enumerated() {
      check(element, target)
      if node.elements[..<index].contains(element) {
        add(
          .duplicateName, "parameter '\(target.path)' has the value \(element) twice", element.position,
          help: "remove one of them")
      }
    }
    return problems.count == before ? .choice(node.elements) : nil
  }

  private mutating func range(
    _ kind: ConfigNode.Entry, _ node: ConfigNode, _ target: SearchPaths.Target
  ) -> SearchParameter.Domain? {
    let before = problems.count
    let isInteger = kind.key == "int"
    checkKind(kind, target)
    let step = number(node["step"], "step", target)
    let isLog = kind.key == "log_uniform" || flag(node["log"], "log", target)
    guard problems.count == before else { return nil }
    let ends = kind.value.elements
    guard ends.count == 2 else {
      add(
        .wrongType, "'\(kind.key)' of parameter '\(target.path)' must be [low, high], not \(kind.value)",
        kind.value.position, help: "write \(kind.key): [\(isInteger ? "16, 128" : "0.0001, 0.1")]")
      return nil
    }
    let values = ends.compactMap { end($0, isInteger, target) }
    guard values.count == 2, problems.count == before else { return nil }
    let (low, high) = (values[0], values[1])
    if low > high {
      add(
        .outOfRange, "parameter '\(target.path)' goes from \(ends[0]) to \(ends[1])", kind.value.position,
        help: "write the smaller one first")
    }
    if isLog, low <= 0 {
      add(
        .outOfRange, "parameter '\(target.path)' is logarithmic and begins at \(ends[0])", ends[0].position,
        help: "begin above 0; there is no logarithm of \(ends[0])")
    }
    if let step, step <= 0 || isInteger && step != step.rounded() {
      add(
        .outOfRange, "'step' of parameter '\(target.path)' is \(step)", node["step"]?.position,
        help: isInteger ? "write a whole number above 0" : "write a number above 0")
    }
    if isLog, let step, !(isInteger && step == 1) {
      add(
        .conflict, "parameter '\(target.path)' is logarithmic and has a step", node["step"]?.position,
        help: "leave one of them out, or list the values")
    }
    guard problems.count == before else { return nil }
    return .range(NumericRange(low: low, high: high, step: step, isLog: isLog, isInteger: isInteger))
  }

  /// Whether the option takes such numbers at all.
  private mutating func checkKind(_ kind: ConfigNode.Entry, _ target: SearchPaths.Target) {
    guard let spec = target.spec else { return }
    let isInteger = kind.key == "int"
    switch spec.type {
    case .float, .duration: break
    case .int:
      if !isInteger {
        add(
          .wrongType, "'\(target.path)' takes integers, and '\(kind.key)' gives fractions", kind.keyPosition,
          help: "write int: [low, high], with log: true for a logarithmic scale")
      }
    default:
      let values = spec.type == .bool ? "[true, false]" : "[\(spec.choices.joined(separator: ", "))]"
      add(
        .wrongType, "'\(target.path)' is no number: it takes \(spec.expectation)", kind.keyPosition,
        help: "list its values\(spec.choices.isEmpty && spec.type != .bool ? "" : ", as \(values)")")
    }
  }

  /// An end of a range, within the option's own; a duration is in seconds.
  private mutating func end(
    _ node: ConfigNode, _ isInteger: Bool, _ target: SearchPaths.Target
  ) -> Double? {
    if isInteger {
      guard case .int(let value) = node.value, abs(Double(value)) <= Self.largestInteger else {
        add(
          .wrongType, "'int' of parameter '\(target.path)' must have integers, not \(node.found)",
          node.position, help: "write int: [16, 128]")
        return nil
      }
    }
    let value = check(node, target)?.elements.first
    if let number = value?.float ?? value?.int.map({ Double($0) }) ?? plainNumber(node, target) {
      if number.isFinite { return number }
      add(
        .outOfRange, "parameter '\(target.path)' has the end \(node)", node.position,
        help: "write a finite number")
    }
    return nil
  }

  private func plainNumber(_ node: ConfigNode, _ target: SearchPaths.Target) -> Double? {
    guard target.spec == nil else { return nil }
    switch node.value {
    case .int(let value): return Double(value)
    case .float(let value): return value
    default: return nil
    }
  }

  /// A value as its option takes it; what is wrong with it is a problem.
  @discardableResult
  private mutating func check(_ node: ConfigNode, _ target: SearchPaths.Target) -> OptionValue? {
    guard let spec = target.spec else { return nil }
    if spec.type == .table, spec.key == "class_weight" {
      var reader = PipelineReader(baseFolder: config.baseFolder)
      _ = reader.classWeight(node)
      problems += reader.problems
      return nil
    }
    let parser = OptionParser(
      owner: target.owner, place: Self.place, baseFolder: config.baseFolder, noun: target.noun)
    let entry = ConfigNode.Entry(key: spec.key, keyPosition: node.position, value: node)
    let (values, found) = parser.values(for: [spec], from: ConfigNode(.map([entry]), at: node.position))
    problems += found
    return values[spec.key]
  }

  private mutating func number(
    _ node: ConfigNode?, _ key: String, _ target: SearchPaths.Target
  ) -> Double? {
    switch node?.value {
    case nil: return nil
    case .int(let value)?: return Double(value)
    case .float(let value)? where value.isFinite: return value
    default:
      add(
        .wrongType, "'\(key)' of parameter '\(target.path)' must be a number, not \(node?.found ?? "")",
        node?.position, help: "write \(key): 1")
      return nil
    }
  }

  private mutating func flag(_ node: ConfigNode?, _ key: String, _ target: SearchPaths.Target) -> Bool {
    guard let node else { return false }
    if case .bool(let value) = node.value { return value }
    add(
      .wrongType, "'\(key)' of parameter '\(target.path)' must be true or false, not \(node.found)",
      node.position, help: "write \(key): true")
    return false
  }

  // MARK: Conditions

  private mutating func conditions(
    _ entry: ConfigNode.Entry, _ all: [(parameter: SearchParameter, entry: ConfigNode.Entry)]
  ) -> [SearchParameter.Condition] {
    guard let when = entry.value["when"] else { return [] }
    guard when.isMap, !when.entries.isEmpty else {
      add(
        .wrongType, "'when' of parameter '\(entry.key)' must be a map, not \(when.found)", when.position,
        help: "write when: {model.optimizer: sgd}")
      return []
    }
    return when.entries.compactMap { condition(entry, $0, all) }
  }

  private mutating func condition(
    _ entry: ConfigNode.Entry, _ when: ConfigNode.Entry,
    _ all: [(parameter: SearchParameter, entry: ConfigNode.Entry)]
  ) -> SearchParameter.Condition? {
    guard let other = all.first(where: { $0.parameter.path == when.key })?.parameter else {
      // A parameter that could not be read has its own problem.
      if search.parameters[when.key] != nil { return nil }
      let names = search.parameters.entries.map(\.key).filter { $0 != entry.key }
      let isFixed = paths.target(when.key) != nil
      add(
        .wrongValue,
        "parameter '\(entry.key)' depends on '\(when.key.shownInMessages)', which the search does not vary",
        when.keyPosition,
        help: isFixed
          ? "leave the condition out: '\(when.key)' is the same in all trials"
          : NearestName.help(for: when.key, among: names, listed: "parameters"))
      return nil
    }
    let values = when.value.isList && other.value(of: when.value) == nil ? when.value.elements : [when.value]
    var isRight = !values.isEmpty
    for value in values where other.value(of: value) == nil {
      isRight = false
      let found = value.isMap || value.isList ? value.description : value.found
      add(
        .wrongValue, "parameter '\(entry.key)' depends on '\(when.key)' being \(found), which it never is",
        value.position, help: "it is one of: \(other.summary)")
    }
    return isRight ? SearchParameter.Condition(path: when.key, values: values) : nil
  }

  private mutating func checkCircles(_ all: [(parameter: SearchParameter, entry: ConfigNode.Entry)]) {
    var known: Set<String> = []
    var rest = all
    while let index = rest.firstIndex(where: {
      $0.parameter.conditions.allSatisfy { known.contains($0.path) }
    }) {
      known.insert(rest.remove(at: index).parameter.path)
    }
    guard let first = rest.first else { return }
    add(
      .conflict,
      "parameters depend on each other in a circle: \(rest.map(\.parameter.path).joined(separator: ", "))",
      first.entry.keyPosition, help: "remove one of their conditions")
  }

  // MARK: Halving

  /// The resource is epochs, or folds where there are any.
  private mutating func checkRungs() {
    guard let halving = search.halving else { return }
    let hasFolds = config.crossValidation != nil
    guard hasFolds ? halving.minEpochs != nil : halving.minFolds != nil else { return }
    problems.append(
      ConfigProblem(
        .conflict,
        hasFolds
          ? "'min_epochs' of 'search.halving' goes without a cross-validation: with one, rungs are numbers of folds"
          : "'min_folds' of 'search.halving' goes with a cross-validation: without one, rungs are numbers of epochs",
        at: search.position, in: "search.halving",
        help: hasFolds ? "write min_folds" : "write min_epochs, or add 'cross_validation'"))
  }

  // MARK: A grid

  private mutating func checkGrid(
    _ space: SearchSpace, _ all: [(parameter: SearchParameter, entry: ConfigNode.Entry)]
  ) {
    for (parameter, entry) in all where parameter.count == nil {
      add(
        .conflict, "a grid needs values, and '\(parameter.path)' is a continuum", entry.keyPosition,
        help: "list its values, give it a step, or set strategy: random")
    }
    guard problems.isEmpty else { return }
    let most = SearchSpace.mostGridPoints
    let count = space.gridCount
    if let count, count <= most { return }
    add(
      .outOfRange, "the grid has \(count.map { "\($0)" } ?? "too many") points, and \(most) are the most",
      search.parameters.position, help: "give the ranges larger steps, or set strategy: random")
  }

  private mutating func add(
    _ code: ConfigProblem.Code, _ message: String, _ position: SourcePosition?, help: String
  ) {
    problems.append(ConfigProblem(code, message, at: position, in: Self.place, help: help))
  }
}
