import ForeignCalls
import Training

/// Reading monitors that are no plugins.
extension PipelineReader {
  /// Whether the node says that it is one: by 'expression', or by 'library', and not by 'plugin'.
  static func isMeasure(_ node: ConfigNode) -> Bool {
    node["plugin"] == nil && (node["expression"] != nil || node["library"] != nil)
  }

  mutating func measure(_ node: ConfigNode, place: String) -> MeasureConfig? {
    let isExpression = node["expression"] != nil
    let section = isExpression ? PipelineSection.expressionMonitor : .functionMonitor
    let values = read(section, node, owner: "'\(place)'", place: place, structure: ["args"])
    let name = values.optionalText("name")
    if let name { checkMetric(name, at: node["name"]?.position, place: place) }
    let content = isExpression ? expression(node, values, place) : function(node, values, place)
    guard let content, let name else { return nil }
    var measure = MeasureConfig(
      name: name, direction: Direction(name: values.text("direction")) ?? .none, content: content,
      position: node.position, place: place)
    measure.textPosition = node["expression"].map(Self.textPosition) ?? .none
    for output in measure.gives where output != name {
      checkMetric(output, at: node["args"]?.position, place: place)
    }
    return measure
  }

  // MARK: Expressions

  private mutating func expression(
    _ node: ConfigNode, _ values: SectionValues, _ place: String
  ) -> MeasureConfig.Content? {
    guard let text = values.optionalText("expression"), let written = node["expression"] else { return nil }
    do throws(ExpressionError) { return .expression(try Expression(text)) } catch {
      var position = Self.textPosition(written)
      if position == .none { position = written.position } else { position.column += error.offset }
      problems.append(
        ConfigProblem(
          .wrongValue,
          "expression '\(text.shownInMessages)', character \(error.offset + 1): \(error.message)",
          at: position, in: place, help: error.help))
      return nil
    }
  }

  /// Where the first character of a scalar stands; `none` for one of several lines, or with escapes.
  private static func textPosition(_ node: ConfigNode) -> SourcePosition {
    guard node.position.line > 0, !node.text.contains(where: { $0.isNewline || $0 == "\"" || $0 == "\\" })
    else {
      return .none
    }
    var position = node.position
    if node.isQuoted { position.column += 1 }
    return position
  }

  // MARK: C functions

  private mutating func function(
    _ node: ConfigNode, _ values: SectionValues, _ place: String
  ) -> MeasureConfig.Content? {
    let args = node["args"] ?? ConfigNode(.list([]))
    // A single argument is a list of one, as for options.
    let arguments = args.isMap ? [args] : args.elements
    guard args.isMap || args.isList || args.isNull else {
      problems.append(
        ConfigProblem(
          .wrongType, "key 'args' of '\(place)' must be a list, not \(args.found)", at: args.position,
          in: place,
          help: "write [{bind: prediction, as: \"*f32\"}, …]"))
      return nil
    }
    let reader = SignatureReader { NearestName.of($0, among: $1) }
    var returns: ForeignType?
    var read: [ForeignArgument]?
    if let text = values.optionalText("returns") {
      returns = keep(place, at: node["returns"]?.position) { () throws(ForeignError) in try ForeignType(text)
      }
    }
    read = keep(place, at: args.position, in: arguments) { () throws(ForeignError) in
      try reader.arguments(arguments.map { SpecValue($0) })
    }
    guard let returns, let read, let library = values.optionalText("library"),
      let symbol = values.optionalText("symbol")
    else { return nil }
    var function = FunctionConfig(
      signature: ForeignSignature(library: path(library), symbol: symbol, returns: returns, arguments: read),
      when: FunctionConfig.When(rawValue: values.text("when")) ?? .epoch,
      passes: FunctionConfig.Passes(rawValue: values.text("pass")) ?? .both,
      arguments: ConfigNode(.list(arguments)))
    function.isolation = isolation(values, node)
    check(function, node, place)
    checkOutputs(function, values.optionalText("name"), arguments, place)
    return .function(function)
  }

  /// A name without '/' is the system's to find.
  private func path(_ library: String) -> String {
    library.contains("/") ? AbsolutePath.of(library, baseFolder: baseFolder) : library
  }

  /// What a signature allows and a monitor does not.
  private mutating func check(_ function: FunctionConfig, _ node: ConfigNode, _ place: String) {
    func problem(_ message: String, _ key: String, help: String) {
      problems.append(ConfigProblem(.wrongValue, message, at: node[key]?.position, in: place, help: help))
    }
    switch function.signature.returns {
    case .scalar: break
    case .void:
      if function.outputs.isEmpty {
        problem(
          "a function that returns nothing and writes nothing gives no metric", "returns",
          help: "set 'returns' to its type, or name what it writes with {out: name, as: \"*f64\"}")
      }
    default:
      problem(
        "'returns: \(function.signature.returns)' is a pointer, and a metric is a number", "returns",
        help: "write returns: void if only what it writes through pointers counts")
    }
    guard function.when == .batch else { return }
    if function.isOfTheEpoch {
      problem(
        "'when: batch' needs data of the batch, and no argument is bound to any", "when",
        help: "leave it out: a function of metrics alone is called at the end of each epoch")
    } else if let metric = function.signature.metrics.first {
      problem(
        "the metric '\(metric)' is not there yet when a batch is measured", "args",
        help: "with when: epoch it is")
    }
  }

  /// Two values under one name could not be told apart.
  private mutating func checkOutputs(
    _ function: FunctionConfig, _ name: String?, _ arguments: [ConfigNode], _ place: String
  ) {
    var seen: Set<String> = []
    if function.signature.returns != .void, let name { seen.insert(name) }
    for (index, argument) in function.signature.arguments.enumerated() {
      guard let output = argument.output, !seen.insert(output.name).inserted else { continue }
      let what = output.name == name ? "the monitor itself gives" : "another argument gives"
      problems.append(
        ConfigProblem(
          .duplicateName, "\(what) the metric '\(output.name)' already",
          at: arguments.indices.contains(index) ? arguments[index].position : nil,
          in: "\(place).args[\(index)]", help: "give each value a name of its own"))
    }
  }

  /// The body's value, or its error as a problem.
  private mutating func keep<T>(
    _ place: String, at position: SourcePosition?, in arguments: [ConfigNode] = [],
    _ body: () throws(ForeignError) -> T
  ) -> T? {
    do throws(ForeignError) { return try body() } catch {
      problems.append(ConfigProblem(error, at: position, in: place, arguments: arguments))
      return nil
    }
  }

  // MARK: Names

  private mutating func checkMetric(_ name: String, at position: SourcePosition?, place: String) {
    if name == "loss" || name == "val_loss" {
      problems.append(
        ConfigProblem(
          .duplicateName, "'\(name)' is the metric of the loop itself", at: position, in: place,
          help: "give the monitor another name"))
    } else if !MetricNames.isGood(name) {
      problems.append(
        ConfigProblem(
          .wrongValue, "'\(name.shownInMessages)' cannot be the name of a metric", at: position, in: place,
          help: MetricNames.rule))
    }
  }
}

extension ConfigProblem {
  /// - Parameter arguments: What `args` holds, for the position of the one that is wrong.
  init(
    _ error: ForeignError, at position: SourcePosition?, in place: String, arguments: [ConfigNode] = []
  ) {
    let argument = error.argument.flatMap { arguments.indices.contains($0) ? $0 : nil }
    self.init(
      .wrongValue, error.message, at: argument.map { arguments[$0].position } ?? position,
      in: argument.map { "\(place).args[\($0)]" } ?? place, help: error.help)
  }
}

extension SpecValue {
  init(_ node: ConfigNode) {
    self =
      switch node.value {
      case .null: .null
      case .bool(let value): .bool(value)
      case .int(let value): .int(value)
      case .float(let value): .float(value)
      case .string(let text): .text(text)
      case .list(let nodes): .list(nodes.map { SpecValue($0) })
      case .map(let entries): .map(entries.map { ($0.key, SpecValue($0.value)) })
      }
  }
}

extension Direction {
  init?(name: String) {
    switch name {
    case "none": self = .none
    case "min": self = .min
    case "max": self = .max
    default: return nil
    }
  }
}
