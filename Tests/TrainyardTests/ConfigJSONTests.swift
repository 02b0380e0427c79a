import Testing

@testable import Trainyard

@Suite struct ConfigJSONTests {
  static let value: JSONValue = [
    "z": 1, "a": [1, 2.5, "x"], "m": ["b": .null, "a": true], "empty": [:], "none": [], "deep": [["k": [1]]],
  ]

  @Test func `the compact form is one line in the order of the members`() {
    #expect(
      JSONWriter.compact(Self.value)
        == #"{"z": 1, "a": [1, 2.5, "x"], "m": {"b": null, "a": true}, "empty": {}, "none": [], "deep": [{"k": [1]}]}"#
    )
  }

  @Test func `the pretty form has a member per line`() {
    #expect(
      JSONWriter.pretty(Self.value) == """
        {
          "z": 1,
          "a": [1, 2.5, "x"],
          "m": {
            "b": null,
            "a": true
          },
          "empty": {},
          "none": [],
          "deep": [
            {
              "k": [1]
            }
          ]
        }

        """)
  }

  static let doubles: [(value: Double, text: String)] = [
    (0.1, "0.1"), (3, "3.0"), (-0.0, "-0.0"), (1e-7, "1e-07"), (1e300, "1e+300"),
    (.leastNonzeroMagnitude, "5e-324"),
    (0.30000000000000004, "0.30000000000000004"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
    (.nan, "\"NaN\""), (.infinity, "\"Infinity\""), (-.infinity, "\"-Infinity\""),
  ]

  @Test(arguments: doubles)
  func `a double is written in the fewest digits that read back`(value: Double, text: String) throws {
    #expect(JSONWriter.compact(.double(value)) == text)
    let again = try #require(try JSONValue(parsing: text, from: "a.json").double)
    #expect(again == value || again.isNaN && value.isNaN)
    #expect(again.sign == value.sign || value.isNaN)
  }

  @Test func `texts are escaped and read back`() throws {
    let text = "\"\\/\u{0}\u{1F}\u{7F}\u{85}\n\r\t é 😀 \u{2028}"
    let written = JSONWriter.compact(.string(text))
    #expect(written == #""\"\\/\u0000\u001f\u007f\u0085\n\r\t é 😀 \u2028""#)
    #expect(try JSONValue(parsing: written, from: "a.json") == .string(text))
  }

  @Test func `both forms read back as the same value`() throws {
    #expect(try JSONValue(parsing: JSONWriter.compact(Self.value), from: "a.json") == Self.value)
    #expect(try JSONValue(parsing: JSONWriter.pretty(Self.value), from: "a.json") == Self.value)
    #expect(JSONValue(Self.value.node) == Self.value)
  }

  @Test func `parsing is bounded and says where`() throws {
    let limits = ConfigLimits(bytes: 8)
    #expect(
      configProblems { _ = try JSONValue(parsing: "[1, 2, 3]", from: "x", limits: limits) }?.map(\.code) == [
        .tooLarge
      ])
    let problems = configProblems { _ = try JSONValue(parsing: "{\"a\":\n  tru}", from: "events.jsonl") }
    #expect(
      problems?.map(\.rendered) == [
        """
        error: not valid JSON: expected a value, found 't'
          where: events.jsonl:2:3
          help:  texts and keys stand in double quotes
        """
      ])
  }

  @Test func `members are found by name`() {
    #expect(Self.value["m"]?["a"]?.bool == true)
    #expect(Self.value["a"]?.array?[1].double == 2.5)
    #expect(Self.value["z"]?.int == 1)
    #expect(Self.value["nothing"] == nil)
  }

  // MARK: YAML

  static let nodes: [ConfigNode] = [
    .null, true, 12, -0.5, ConfigNode(.float(.infinity)), "", "plain", "two words", "12", "0x1F", "1e3",
    "null",
    "~", "yes",
    "- x", "a: b", "#x", "*x", "é\n\u{2028}\u{85}\t\"\\", " x ", "-1", ".5", "[", "a,b", "%", "\u{FEFF}", [],
    [:],
    [1, "a", .null, 2.0], [[1, 2], [], [[3]]], ["a": ["b": ["c": [:]]], "12": 1, "x y": [.null]],
    [["a": 1, "b": [1, 2]], "x", [["c": ["d": "e"]]], [:]],
    ["callbacks": [["plugin": "x", "list": [["a": 1], ["b": 2]]]], "end": "x"],
    // YAML looks for a ':' in the first 1024 characters of a line.
    ["a": [[longKey: ["b": 1], "c": 2], [longKey + "é": [1]]], longKey: [], "d": "x"],
  ]
  private static let longKey = String(repeating: "long key ", count: 150)

  @Test(arguments: nodes)
  func `YAML that is written reads back as the same node`(node: ConfigNode) throws {
    let text = YAMLWriter.text(node)
    #expect(try ConfigReader.read(text: text, file: "out.yaml") == node, "\(text)")
    #expect(
      try ConfigReader.read(text: JSONWriter.pretty(JSONValue(node)), file: "out.json") == Self.json(node))
  }

  /// What JSON makes of a node.
  static func json(_ node: ConfigNode) -> ConfigNode {
    if case .float(let value) = node.value, value.isInfinite { return "Infinity" }
    return node
  }

  @Test func `YAML is written for people`() {
    let node: ConfigNode = [
      "model": ["plugin": "mlp", "hidden": [128, 64], "note": "a: b"],
      "callbacks": [["plugin": "early-stopping", "patience": 3], "progress"],
      "plugins": [:],
    ]
    #expect(
      YAMLWriter.text(node) == """
        model:
          plugin: mlp
          hidden: [128, 64]
          note: "a: b"
        callbacks:
          - plugin: early-stopping
            patience: 3
          - progress
        plugins: {}

        """)
  }
}
