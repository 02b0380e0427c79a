import PluginHost

/// JSON Schemas (draft 2020-12) of options, for editors and for programs that write configs.
///
/// A schema may be stricter than reading where that helps: it wants an option left out where reading takes null.
public enum JSONSchema {
  static let dialect: JSONValue = "https://json-schema.org/draft/2020-12/schema"

  /// The schema of a component's options, alone.
  public static func component(_ component: ComponentSpec) -> JSONValue {
    .object(
      [
        JSONValue.Member("$schema", dialect),
        JSONValue.Member("title", .string("\(component.kind.rawValue) \(component.id)")),
        JSONValue.Member("description", .string(component.summary)),
      ] + options(component.options))
  }

  /// The members of an object with these rows as its properties, and no others unless there is a rest row.
  static func options(_ specs: [OptionSpec]) -> [JSONValue.Member] {
    let known = specs.filter { $0.type != .rest }
    let required = known.filter(\.isRequired).map { JSONValue.string($0.key) }
    var members = [
      JSONValue.Member("type", "object"),
      JSONValue.Member("properties", .object(known.map { JSONValue.Member($0.key, option($0)) })),
    ]
    if !required.isEmpty { members.append(JSONValue.Member("required", .array(required))) }
    members.append(JSONValue.Member("additionalProperties", .bool(known.count < specs.count)))
    return members
  }

  /// The schema of one value.
  static func option(_ spec: OptionSpec) -> JSONValue {
    var members: [JSONValue.Member] = []
    let doc = spec.unit.map { "\(spec.doc) (\($0))" } ?? spec.doc
    if !doc.isEmpty { members.append(JSONValue.Member("description", .string(doc))) }
    if spec.isList {
      // A single value is a list of one.
      let list: JSONValue = ["type": "array", "items": .object(element(spec))]
      members.append(JSONValue.Member("anyOf", [list, .object(element(spec))]))
    } else {
      members += element(spec)
    }
    if spec.isSecret {
      members.append(JSONValue.Member("writeOnly", true))
    } else if let value = defaultValue(spec) {
      members.append(JSONValue.Member("default", value))
    }
    return .object(members)
  }

  private static func element(_ spec: OptionSpec) -> [JSONValue.Member] {
    switch spec.type {
    case .bool: [JSONValue.Member("type", "boolean")]
    case .int: [JSONValue.Member("type", "integer")] + bounds(spec)
    case .float: number(spec)
    case .string where spec.choices.contains("true"): [JSONValue.Member("type", ["boolean", "string"])]
    case .string: [JSONValue.Member("type", ["string", "number"])]
    case .choice: [JSONValue.Member("enum", .array(spec.choices.flatMap(spellings)))]
    case .path: [JSONValue.Member("type", "string")]
    case .duration:
      [
        JSONValue.Member(
          "anyOf",
          [
            .object([JSONValue.Member("type", "number")] + bounds(spec)),
            ["type": "string", "minLength": 1, "pattern": .string(duration)],
          ])
      ]
    case .metric: [JSONValue.Member("type", "string"), JSONValue.Member("minLength", 1)]
    case .table, .rest: [JSONValue.Member("type", ["object", "array"])]
    }
  }

  private static let duration = "^([0-9.]+|inf|([0-9.]+d)?([0-9.]+h)?([0-9.]+m)?([0-9.]+s)?([0-9.]+ms)?)$"

  /// A number; also the texts that stand for what JSON cannot write, where the range has them.
  private static func number(_ spec: OptionSpec) -> [JSONValue.Member] {
    let number = [JSONValue.Member("type", "number")] + bounds(spec)
    let special = ["Infinity", "-Infinity"].filter { text in
      JSONValue.string(text).double.map { spec.interval?.contains($0) ?? false } ?? false
    }
    if special.isEmpty { return number }
    return [JSONValue.Member("anyOf", [.object(number), ["enum": .array(special.map { .string($0) })]])]
  }

  /// A choice such as `true` or `1` is also taken without quotes, as what YAML makes of it.
  private static func spellings(_ choice: String) -> [JSONValue] {
    guard let value = YAMLScalar.value(of: choice), ConfigNode(value).string == nil else {
      return [.string(choice)]
    }
    return [.string(choice), JSONValue(ConfigNode(value))]
  }

  private static func bounds(_ spec: OptionSpec) -> [JSONValue.Member] {
    guard let interval = spec.interval else { return [] }
    var members: [JSONValue.Member] = []
    if let lower = interval.finiteLower {
      members.append(JSONValue.Member(interval.includesLower ? "minimum" : "exclusiveMinimum", number(lower)))
    }
    if let upper = interval.finiteUpper {
      members.append(JSONValue.Member(interval.includesUpper ? "maximum" : "exclusiveMaximum", number(upper)))
    }
    return members
  }

  private static func number(_ value: Double) -> JSONValue {
    Int64(exactly: value).map { .int($0) } ?? .double(value)
  }

  /// The default as YAML has it; a text where the option takes texts, however it looks.
  private static func defaultValue(_ spec: OptionSpec) -> JSONValue? {
    guard let text = spec.defaultText, let node = try? ConfigReader.read(text: text, file: "default"),
      !node.isNull
    else { return nil }
    let isText = [.string, .choice, .metric, .path].contains(spec.type)
    return isText && !spec.isList ? .string(node.text) : JSONValue(node)
  }
}
