import PluginKit
import Testing

@testable import CallbackCore

@Suite struct JSONTests {
  static let values: [(String, JSON)] = [
    ("null", .null), (" true ", .bool(true)), ("-1.5e2", .number(-150)),
    (#""a\n\u00e9\"""#, .string("a\né\"")),
    ("[]", .array([])), ("[1, [2]]", .array([.number(1), .array([.number(2)])])),
    ("{}", .object([])),
    (
      #"{"b": 1, "a": {}}"#,
      .object([.init(key: "b", value: .number(1)), .init(key: "a", value: .object([]))])
    ),
  ]

  @Test(arguments: values) func `reads what the host writes`(text: String, value: JSON) throws {
    #expect(try JSON(text) == value)
  }

  @Test(arguments: [
    "", "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\": 1, \"a\": 2}", "tru", "1 2", "\"open", "\"\\x\"",
    "\"\\ud800\"",
    "nan", "1e999", "--1", String(repeating: "[", count: 100),
  ])
  func `refuses what is no JSON`(text: String) {
    #expect(throws: PluginError.self) { try JSON(text) }
  }
}
