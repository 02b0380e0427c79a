import Trainyard

/// Pipeline files, and what the command line has of them.
let configTargets = [
  FuzzTarget("config", "A pipeline file in YAML.", cost: 3) { bytes in
    guard let node = attempt({ try ConfigReader.read(bytes: bytes, file: "pipeline.yaml") }) else { return }
    checkWritten(node)
    guard let config = attempt({ try PipelineConfig.read(node, baseFolder: "/base") }) else { return }
    // As a run folder keeps it: it must be a config again.
    let resolved = config.resolved()
    let text = JSONWriter.pretty(JSONValue(resolved))
    let again = attempt {
      try PipelineConfig.read(ConfigReader.read(text: text, file: "config.json"), baseFolder: "/other")
    }
    require(again != nil, "a resolved config can be read")
    require(
      again.map { asWritten(JSONValue($0.resolved())) } == asWritten(JSONValue(resolved)),
      "a resolved config reads back as itself")
  },
  FuzzTarget("json", "JSON, as in run folders and recordings.") { bytes in
    guard let node = attempt({ try ConfigReader.read(bytes: bytes, file: "a.json") }) else { return }
    checkWritten(node)
  },
  FuzzTarget("inline", "A plugin on the command line: id:key=value,…") { bytes in
    let text = bytes.text
    guard let spec = attempt({ try ConfigNode.parseInline(text, from: "--callback") }) else { return }
    checkWritten(spec.node())
  },
  FuzzTarget("expression", "A formula over metrics.") { bytes in
    guard let expression = attempt({ try Expression(bytes.text) }) else { return }
    var evaluator = ExpressionEvaluator(expression)
    let values: [Double?] = [0.5, nil, -1, .nan, .infinity, 1e308, 0]
    for epoch in 0..<2 * values.count { _ = evaluator.evaluate { values[(epoch + $0) % values.count] } }
  },
]

/// What is written reads back the same, both ways of writing.
private func checkWritten(_ node: ConfigNode) {
  let value = JSONValue(node)
  for text in [JSONWriter.compact(value), JSONWriter.pretty(value)] {
    let again = attempt { try JSONValue(parsing: text, from: "written", limits: generous) }
    require(
      again.map { asWritten($0) == asWritten(value) } ?? false, "written JSON reads back the same: \(text)")
  }
  let text = YAMLWriter.text(node)
  let again = attempt { try ConfigReader.read(text: text, file: "written", limits: generous) }
  require(
    again.map { asWritten(JSONValue($0)) == asWritten(value) } ?? false,
    "written YAML reads back the same: \(text)")
}

/// Escapes make a text longer than what it was read from.
private let generous = ConfigLimits(bytes: 64 << 20, values: 1_000_000, depth: 80)

/// JSON has no NaN and no infinities: they come back as texts, in YAML as numbers.
private func asWritten(_ value: JSONValue) -> JSONValue {
  switch value {
  case .double(let number) where number.isNaN: "NaN"
  case .double(let number) where number.isInfinite: number < 0 ? "-Infinity" : "Infinity"
  case .array(let values): .array(values.map(asWritten))
  case .object(let members): .object(members.map { JSONValue.Member($0.name, asWritten($0.value)) })
  default: value
  }
}
