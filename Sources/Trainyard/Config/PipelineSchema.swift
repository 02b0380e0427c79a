extension JSONSchema {
  /// The schema of a whole pipeline file. Which options a plugin takes goes by its id.
  ///
  /// - Parameter components: Those that are known. A library that is named by its path may have any options.
  public static func pipeline(_ components: [ComponentSpec]) -> JSONValue {
    let sections: [JSONValue.Member] = [
      JSONValue.Member("data", data),
      JSONValue.Member("validation", validation),
      JSONValue.Member(
        "train", section(.train, structure: ["find_learning_rate": reference("find_learning_rate")])),
      JSONValue.Member("find_learning_rate", section(.findLearningRate)),
      JSONValue.Member(
        "output",
        section(.output, structure: ["store": ["anyOf": [["type": "string"], ["type": "boolean"]]]])),
      JSONValue.Member("checkpoints", ["anyOf": [["type": "boolean"], section(.checkpoints)]]),
      JSONValue.Member("cross_validation", crossValidation),
      JSONValue.Member("plugins", section(.plugins)),
      JSONValue.Member("search", search),
      JSONValue.Member("halving", section(.halving)),
      JSONValue.Member("tpe", section(.tpe)),
    ]
    let plugins = ComponentSpec.Kind.allCases.flatMap { kind in
      pluginDefinitions(kind, components.filter { $0.kind == kind })
    }
    let measures = [
      JSONValue.Member("expression_monitor", section(.expressionMonitor)),
      JSONValue.Member(
        "function_monitor",
        section(.functionMonitor, structure: ["args": ["type": "array", "items": ["type": "object"]]])),
    ]
    return .object([
      JSONValue.Member("$schema", dialect),
      JSONValue.Member("title", "Trainyard pipeline"),
      JSONValue.Member("description", .string(PipelineSection.pipeline.doc)),
      JSONValue.Member("type", "object"),
      JSONValue.Member("properties", .object(properties(of: .pipeline, structure: topLevel))),
      JSONValue.Member("required", ["data", "model"]),
      JSONValue.Member("additionalProperties", false),
      JSONValue.Member("$defs", .object(sections + measures + plugins)),
    ])
  }

  /// What the tables among the keys at the top hold.
  private static let topLevel: [String: JSONValue] = [
    "data": reference("data"), "model": reference("model"), "train": reference("train"),
    "output": reference("output"), "checkpoints": reference("checkpoints"), "plugins": reference("plugins"),
    "search": reference("search"),
    "cross_validation": reference("cross_validation"),
    "monitors": ["type": "array", "items": monitor],
    "callbacks": ["type": "array", "items": reference("callback")],
  ]

  /// By 'plugin', or only an id; else by what it has.
  private static let monitor: JSONValue = [
    "if": ["type": "object", "required": ["expression"], "not": ["required": ["plugin"]]],
    "then": reference("expression_monitor"),
    "else": [
      "if": ["type": "object", "required": ["library"], "not": ["required": ["plugin"]]],
      "then": reference("function_monitor"),
      "else": reference("monitor"),
    ],
  ]

  private static var data: JSONValue {
    let classWeight: JSONValue = [
      "anyOf": [
        ["const": "balanced"],
        ["type": "object", "additionalProperties": ["type": "number", "exclusiveMinimum": 0]],
      ]
    ]
    return section(
      .data,
      structure: [
        "train": reference("dataset"), "validation": reference("validation"), "class_weight": classWeight,
      ])
  }

  /// A dataset where one is named, else a fraction.
  private static var validation: JSONValue {
    [
      "if": ["anyOf": [["type": "string"], ["type": "object", "required": ["dataset"]]]],
      "then": reference("dataset"),
      "else": section(.validation),
    ]
  }

  /// Paths with a list of values, or a map that says what they may be.
  private static var search: JSONValue {
    let ends: JSONValue = ["type": "array", "minItems": 2, "maxItems": 2]
    let parameter: JSONValue = [
      "type": "object",
      "properties": [
        "choice": ["type": "array", "minItems": 1], "uniform": ends, "log_uniform": ends, "int": ends,
        "step": ["type": "number", "exclusiveMinimum": 0], "log": ["type": "boolean"],
        "when": ["type": "object", "minProperties": 1],
      ],
      "additionalProperties": false,
    ]
    let parameters: JSONValue = [
      "type": "object", "minProperties": 1,
      "additionalProperties": ["if": ["type": "array"], "then": ["minItems": 1], "else": parameter],
    ]
    return section(
      .search,
      structure: ["parameters": parameters, "halving": reference("halving"), "tpe": reference("tpe")])
  }

  /// A group is a field's name, or true.
  private static var crossValidation: JSONValue {
    let schema = section(.crossValidation)
    let members = (schema.members ?? []).map { member -> JSONValue.Member in
      guard member.name == "properties", case .object(let keys) = member.value else { return member }
      let changed = keys.map { key -> JSONValue.Member in
        guard key.name == "group", case .object(let facts) = key.value else { return key }
        return JSONValue.Member(
          "group",
          .object(
            facts.map { $0.name == "type" ? JSONValue.Member("type", ["string", "number", "boolean"]) : $0 }))
      }
      return JSONValue.Member("properties", .object(changed))
    }
    return .object(members)
  }

  private static func section(_ section: PipelineSection, structure: [String: JSONValue] = [:]) -> JSONValue {
    var members = options(section.keys).filter { $0.name != "properties" }
    members.insert(JSONValue.Member("description", .string(section.doc)), at: 0)
    members.insert(
      JSONValue.Member("properties", .object(properties(of: section, structure: structure))), at: 2)
    return .object(members)
  }

  /// The properties of a section. Tables are what `structure` says, and what it does not know is not there.
  private static func properties(
    of section: PipelineSection, structure: [String: JSONValue] = [:]
  ) -> [JSONValue.Member] {
    section.keys.compactMap { spec in
      guard spec.type == .table else { return JSONValue.Member(spec.key, option(spec)) }
      guard case .object(let members)? = structure[spec.key] else { return nil }
      let doc = JSONValue.Member("description", .string(spec.doc))
      return JSONValue.Member(spec.key, .object([doc] + members))
    }
  }

  // MARK: Plugins

  /// `callback`, for a place where one stands, and `callback.early-stopping` for each that is known.
  private static func pluginDefinitions(
    _ kind: ComponentSpec.Kind, _ components: [ComponentSpec]
  ) -> [JSONValue.Member] {
    let section = PluginConfig.section(of: kind)
    let key = PluginConfig.pluginKey(of: kind)
    let ids = components.map { JSONValue.string($0.id) }
    let path: JSONValue = ["type": "string", "pattern": "/"]
    let name: JSONValue = ids.isEmpty ? ["type": "string"] : ["anyOf": [["enum": .array(ids)], path]]

    let alternatives = components.map { component -> JSONValue in
      [
        "if": [
          "properties": .object([JSONValue.Member(key, ["const": .string(component.id)])]),
          "required": [.string(key)],
        ],
        "then": reference(definition(component)),
      ]
    }
    var map: [JSONValue.Member] = [
      JSONValue.Member("type", "object"),
      JSONValue.Member("required", [.string(key)]),
      JSONValue.Member(
        "properties",
        .object(
          properties(of: section).map { property in
            property.name == key ? JSONValue.Member(key, described(name, section, key)) : property
          })),
    ]
    if !alternatives.isEmpty { map.append(JSONValue.Member("allOf", .array(alternatives))) }

    let place: JSONValue = [
      "description": .string(section.doc),
      // Only a name is a plugin with its defaults.
      "if": ["type": "string"],
      "then": name,
      "else": .object(map),
    ]
    return [JSONValue.Member(kind.rawValue, place)]
      + components.map { component in
        JSONValue.Member(definition(component), self.definition(of: component, in: section))
      }
  }

  private static func definition(of component: ComponentSpec, in section: PipelineSection) -> JSONValue {
    let reserved = section.reservedKeys
    let specs = section.keys + component.options.filter { !reserved.contains($0.key) }
    return .object([JSONValue.Member("description", .string(component.summary))] + options(specs))
  }

  private static func definition(_ component: ComponentSpec) -> String {
    "\(component.kind.rawValue).\(component.id)"
  }

  private static func described(_ schema: JSONValue, _ section: PipelineSection, _ key: String) -> JSONValue {
    let doc = section.keys.first { $0.key == key }?.doc ?? ""
    return .object([JSONValue.Member("description", .string(doc))] + (schema.members ?? []))
  }

  private static func reference(_ definition: String) -> JSONValue {
    ["$ref": .string("#/$defs/\(definition)")]
  }
}
