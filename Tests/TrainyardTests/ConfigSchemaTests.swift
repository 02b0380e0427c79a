import Testing

@testable import Trainyard

@Suite struct ConfigSchemaTests {
  static let properties: [(spec: OptionSpec, schema: JSONValue)] = [
    (
      OptionSpec("x", .bool, "Doc.", default: "true"),
      ["description": "Doc.", "type": "boolean", "default": true]
    ),
    (OptionSpec("x", .int, range: "[0, 9)"), ["type": "integer", "minimum": 0, "exclusiveMaximum": 9]),
    (
      OptionSpec("x", .float, "Doc.", range: "(0, 0.5]", unit: "s"),
      ["description": "Doc. (s)", "type": "number", "exclusiveMinimum": 0, "maximum": 0.5]
    ),
    (
      OptionSpec("x", .float, range: "[0, inf]"),
      ["anyOf": [["type": "number", "minimum": 0], ["enum": ["Infinity"]]]]
    ),
    (
      OptionSpec("x", .float, default: ".inf", range: "[-inf, inf]"),
      ["anyOf": [["type": "number"], ["enum": ["Infinity", "-Infinity"]]], "default": .double(.infinity)]
    ),
    (OptionSpec("x", .float), ["type": "number"]),
    (OptionSpec("x", .string, default: "1.10"), ["type": ["string", "number"], "default": "1.10"]),
    (
      OptionSpec("x", .choice, default: "auto", choices: ["auto", "on"]),
      ["enum": ["auto", "on"], "default": "auto"]
    ),
    (OptionSpec("x", .choice, choices: ["true", "2"]), ["enum": ["true", true, "2", 2]]),
    (OptionSpec("x", .path), ["type": "string"]),
    (OptionSpec("x", .metric), ["type": "string", "minLength": 1]),
    (OptionSpec("x", .table, default: "{a: 1}"), ["type": ["object", "array"], "default": ["a": 1]]),
    (
      OptionSpec("x", .string, default: "s3cret", isSecret: true),
      ["type": ["string", "number"], "writeOnly": true]
    ),
    (
      OptionSpec("x", .int, default: "[128]", range: "[1, )", isList: true),
      [
        "anyOf": [
          ["type": "array", "items": ["type": "integer", "minimum": 1]], ["type": "integer", "minimum": 1],
        ], "default": [128],
      ]
    ),
  ]

  @Test(arguments: properties)
  func `a row becomes a property`(spec: OptionSpec, schema: JSONValue) {
    // As text, since NaN is equal to nothing.
    #expect(JSONWriter.compact(JSONSchema.option(spec)) == JSONWriter.compact(schema))
  }

  static let earlyStopping = ComponentSpec(
    kind: .callback, id: "early-stopping", summary: "Stops.",
    options: [
      OptionSpec("patience", .int, "Epochs.", default: "3"), OptionSpec("file", .path, isRequired: true),
    ])
  static let engine = ComponentSpec(
    kind: .model, id: "engine", summary: "Boosts.", options: [OptionSpec("params", .rest)])

  @Test func `the schema of a component has its options and no others`() {
    #expect(
      JSONWriter.pretty(JSONSchema.component(Self.earlyStopping)) == """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "callback early-stopping",
          "description": "Stops.",
          "type": "object",
          "properties": {
            "patience": {
              "description": "Epochs.",
              "type": "integer",
              "default": 3
            },
            "file": {
              "type": "string"
            }
          },
          "required": ["file"],
          "additionalProperties": false
        }

        """)
  }

  @Test func `a rest row lets other keys through`() {
    let schema = JSONSchema.component(Self.engine)
    #expect(schema["additionalProperties"] == true)
    #expect(schema["properties"] == [:])
  }

  @Test func `the schema of a pipeline offers every section and plugin`() throws {
    let schema = JSONSchema.pipeline([Self.earlyStopping, Self.engine])
    #expect(schema["required"] == ["data", "model"])
    #expect(
      schema["properties"]?.members?.map(\.name) == [
        "data", "model", "train", "monitors", "callbacks", "output", "checkpoints", "isolation", "plugins",
        "cross_validation", "search",
      ])
    let definitions = try #require(schema["$defs"])
    #expect(
      definitions.members?.map(\.name) == [
        "data", "validation", "train", "find_learning_rate", "output", "checkpoints", "cross_validation",
        "plugins",
        "search", "halving", "tpe", "expression_monitor", "function_monitor",
        "callback", "callback.early-stopping", "model", "model.engine", "monitor", "dataset",
      ])
    for (name, section) in [("data", PipelineSection.data), ("train", .train), ("output", .output)] {
      #expect(definitions[name]?["properties"]?.members?.map(\.name) == section.keys.map(\.key))
    }
    #expect(
      definitions["callback.early-stopping"]?["properties"]?.members?.map(\.name) == [
        "plugin", "component", "name", "on_error", "isolate", "on_crash", "deadline", "network",
        "memory_limit", "patience", "file",
      ])
    #expect(definitions["callback.early-stopping"]?["required"] == ["plugin", "file"])
    #expect(
      definitions["callback"]?["else"]?["allOf"] == [
        [
          "if": ["properties": ["plugin": ["const": "early-stopping"]], "required": ["plugin"]],
          "then": ["$ref": "#/$defs/callback.early-stopping"],
        ]
      ])
    // Nothing is known of monitors: any name goes.
    #expect(definitions["monitor"]?["then"] == ["type": "string"])
  }

  @Test func `every reference leads somewhere`() throws {
    let schema = JSONSchema.pipeline([Self.earlyStopping, Self.engine])
    let names = Set((schema["$defs"]?.members ?? []).map { "#/$defs/\($0.name)" })
    let references = Self.references(in: schema)
    #expect(references.count > 10)
    for reference in references { #expect(names.contains(reference)) }
  }

  static func references(in value: JSONValue) -> [String] {
    switch value {
    case .object(let members):
      members.flatMap { member in
        member.name == "$ref" ? [member.value.string ?? ""] : references(in: member.value)
      }
    case .array(let values): values.flatMap(references)
    default: []
    }
  }
}
