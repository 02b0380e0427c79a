import Support
import Testing

@testable import PluginHost

/// Options on their way from a user's value, or a row's default, to a plugin.
@Suite struct OptionTests {
  let fixture: Fixture
  let services = RecordingServices()

  init() throws { fixture = try Fixture() }

  private func create(_ options: [String: OptionValue]) throws -> [String] {
    let component = try fixture.component("a-callback", in: try fixture.library(file: "options"))
    _ = try CallbackInstance(component: component, name: "c", options: options, services: services)
    return services.takeEffects()
  }

  @Test func `defaults are filled in`() throws {
    #expect(
      try create(["count": .int(3)]) == [
        "log info \"flag 1, count 3, rate 0.001, limit 5400, title <a, 'b'>, mode auto, file 0, rest {\"a\": [1, 2]}\"",
        "log info \"size 128\"", "log info \"size 64\"",
      ])
  }

  @Test func `the user's values win over the defaults`() throws {
    #expect(
      try create([
        "flag": .bool(false), "count": .int(0), "rate": .int(2), "limit": .float(0.5), "title": .text("ü"),
        "mode": .text("max"), "sizes": .int(7), "tags": .list([.text("x"), .text("y")]), "rest": .text("{}"),
        "file": .text("/a"),
      ]) == [
        "log info \"flag 0, count 0, rate 2, limit 0.5, title <ü>, mode max, file 1, rest {}\"",
        "log info \"size 7\"", "log info \"x\"", "log info \"y\"",
      ])
  }

  static let wrong: [(options: [String: OptionValue], words: String)] = [
    ([:], "'a-callback' needs the option 'count'"),
    (["count": .int(1), "cuont": .int(1)], "'a-callback' has no option 'cuont'"),
    (["count": .text("1")], "the option 'count' of 'a-callback' is '1', and must be a value of type int"),
    (["count": .int(11)], "the option 'count' of 'a-callback' is 11, outside its range [0, 10]"),
    (
      ["count": .int(1), "mode": .text("min")],
      "the option 'mode' of 'a-callback' is 'min', and must be one of: auto, max"
    ),
    (
      ["count": .int(1), "sizes": .list([.int(1), .bool(true)])],
      "the option 'sizes' of 'a-callback' is [1, true], and must be a value of type list of int"
    ),
    (
      ["count": .int(1), "title": .list([.text("a")])],
      "the option 'title' of 'a-callback' is ['a'], and must be a value of type string"
    ),
  ]

  @Test(arguments: wrong)
  func `options that do not fit their rows are refused before create`(
    options: [String: OptionValue], words: String
  ) throws {
    let found = try error(HostError.self) { _ = try create(options) }
    #expect(found?.description == words)
  }

  static let texts: [(type: OptionType, isList: Bool, text: String, value: OptionValue?)] = [
    (.int, false, "3", .int(3)), (.int, false, " 3 ", .int(3)), (.int, false, "3.5", nil),
    (.int, false, "9223372036854775808", nil), (.int, false, "\"3\"", nil),
    (.float, false, "3", .float(3)), (.float, false, "-1e-3", .float(-0.001)),
    (.float, false, ".inf", .float(.infinity)),
    (.bool, false, "true", .bool(true)), (.bool, false, "yes", nil),
    (.duration, false, "90s", .float(90)), (.duration, false, "1h30m", .float(5400)),
    (.duration, false, "500ms", .float(0.5)), (.duration, false, "2d", .float(172800)),
    (.duration, false, "7", .float(7)),
    (.duration, false, "1x", nil), (.duration, false, "", nil), (.duration, false, "-1", nil),
    (.duration, false, "h", nil),
    (.string, false, "a b", .text("a b")), (.string, false, "\"a\\n\\\"b\\\"\"", .text("a\n\"b\"")),
    (.string, false, "'it''s'", .text("it's")), (.string, false, "\"open", nil),
    (.string, false, "", .text("")),
    (.int, true, "[]", .list([])), (.int, true, "[1,2, 3]", .list([.int(1), .int(2), .int(3)])),
    (.int, true, "4", .list([.int(4)])), (.int, true, "[1", nil), (.int, true, "[1] 2", nil),
    (.int, true, "[1,]", nil),
    (.string, true, "[a, \"b, c\"]", .list([.text("a"), .text("b, c")])),
    (.table, false, "{\"a\": 1}", .text("{\"a\": 1}")),
  ]

  @Test(arguments: texts)
  func `a text is read as a value of the row's type`(
    type: OptionType, isList: Bool, text: String, value: OptionValue?
  ) {
    #expect(OptionRow(key: "k", type: type, isList: isList).value(of: text) == value)
  }

  static let ranges: [(text: String, inside: [Double], outside: [Double], words: String)] = [
    ("[0, 1)", [0, 0.999], [-0.1, 1, .nan], "at least 0 and below 1"),
    ("(0, )", [1e-300], [0, -1, .nan, .infinity], "above 0"),
    ("[1, 65536]", [1, 65536], [0, 65537], "at least 1 and at most 65536"),
    ("( , 1]", [-1e300, 1], [1.1, -.infinity], "at most 1"),
    ("(,)", [0], [.nan, .infinity, -.infinity], "any number"),
    ("[,]", [0], [.infinity, -.infinity], "any number"),
    ("[0, inf]", [0, .infinity], [-1, -.infinity, .nan], "at least 0, also infinite"),
    ("[-inf, 5)", [-.infinity, 4], [5, .infinity], "below 5, also infinite"),
    ("[-inf, inf]", [-.infinity, 0, .infinity], [.nan], "any number, also infinite"),
    ("[-1.5,1e3)", [-1.5], [1000], "at least -1.5 and below 1000"),
    ("[2, 2]", [2], [1.9, 2.1], "at least 2 and at most 2"),
  ]

  @Test(arguments: ranges)
  func `an interval contains what it says`(text: String, inside: [Double], outside: [Double], words: String)
    throws
  {
    let range = try #require(OptionRange(text))
    for value in inside { #expect(range.contains(value)) }
    for value in outside { #expect(!range.contains(value)) }
    #expect(range.description == words)
  }

  @Test(arguments: [
    "", "[", "[]", "0,1", "[0 1]", "[0,1,2]", "[a, b]", "[2, 1]", "[0, nan]", "]0, 1[", "(1, 1]",
    "[0, inf)", "[inf, inf]", "[0, -inf]", "[0x1, 2]", "[1]",
  ])
  func `what is no interval is not taken for one`(text: String) { #expect(OptionRange(text) == nil) }

  static let names: [(typed: String, nearest: String?)] = [
    ("early-stoping", "early-stopping"), ("Early-Stopping", "early-stopping"), ("cvs-logger", "csv-logger"),
    ("progres", "progress"), ("xgboost", nil), ("", nil),
  ]

  @Test(arguments: names)
  func `a typing error finds its name`(typed: String, nearest: String?) {
    #expect(NearestName.of(typed, among: ["progress", "early-stopping", "csv-logger"]) == nearest)
  }
}
