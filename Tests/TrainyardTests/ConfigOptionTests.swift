import Testing

@testable import Trainyard

@Suite struct ConfigOptionTests {
  static let earlyStopping: [OptionSpec] = [
    OptionSpec("monitor", .metric, "The metric to watch.", default: "val_loss"),
    OptionSpec("patience", .int, "Epochs without improvement.", default: "3", range: "[0, )", unit: "epochs"),
    OptionSpec("mode", .choice, "The better direction.", default: "auto", choices: ["auto", "min", "max"]),
  ]

  func read(_ specs: [OptionSpec], _ text: String) throws -> ([String: OptionValue], [ConfigProblem]) {
    let node = try ConfigReader.read(text: text, file: "p.yaml")
    return OptionParser.values(
      for: specs, from: node, baseFolder: "/base", owner: "callback 'early-stopping'", place: "callbacks[0]",
      ignoring: ["plugin"])
  }

  static let taken: [(spec: OptionSpec, text: String, value: OptionValue?)] = [
    (OptionSpec("x", .bool), "true", .bool(true)),
    (OptionSpec("x", .int), "0x10", .int(16)),
    (OptionSpec("x", .float), "3", .float(3)),
    (OptionSpec("x", .float), "1e-3", .float(0.001)),
    (OptionSpec("x", .float, range: "[0, inf]"), ".inf", .float(.infinity)),
    (OptionSpec("x", .float, range: "[-inf, inf]"), "'-Infinity'", .float(-.infinity)),
    (OptionSpec("x", .float, range: "(0, 1]"), "1", .float(1)),
    (OptionSpec("x", .string), "1.10", .text("1.10")),
    (OptionSpec("x", .string), "007", .text("007")),
    (OptionSpec("x", .string), "''", .text("")),
    (OptionSpec("x", .choice, choices: ["true", "auto"]), "true", .text("true")),
    (OptionSpec("x", .choice, choices: ["null", "1"]), "null", .text("null")),
    (OptionSpec("x", .choice, choices: ["null", "1"]), "1", .text("1")),
    (OptionSpec("x", .path), "a/b.csv", .text("/base/a/b.csv")),
    (OptionSpec("x", .path), "././a", .text("/base/a")),
    (OptionSpec("x", .path), "../a", .text("/base/../a")),
    (OptionSpec("x", .path), "/a", .text("/a")),
    (OptionSpec("x", .path), ".", .text("/base")),
    (OptionSpec("x", .path), "2024", .text("/base/2024")),
    (OptionSpec("x", .path), "''", .text("")),
    (OptionSpec("x", .duration), "90s", .float(90)),
    (OptionSpec("x", .duration), "1h30m", .float(5400)),
    (OptionSpec("x", .duration), "2d", .float(172_800)),
    (OptionSpec("x", .duration), "500ms", .float(0.5)),
    (OptionSpec("x", .duration), "1.5h", .float(5400)),
    (OptionSpec("x", .duration), "15", .float(15)),
    (OptionSpec("x", .duration), "1m0.5s", .float(60.5)),
    (OptionSpec("x", .metric), "val_loss", .text("val_loss")),
    (OptionSpec("x", .table), "{b: [1, 2.0], a: {c: .nan}}", .text(#"{"b": [1, 2.0], "a": {"c": "NaN"}}"#)),
    (OptionSpec("x", .table), "[]", .text("[]")),
    (OptionSpec("x", .int, isList: true), "[128, 64]", .list([.int(128), .int(64)])),
    (OptionSpec("x", .int, isList: true), "128", .list([.int(128)])),
    (OptionSpec("x", .int, isList: true), "[]", .list([])),
    (OptionSpec("x", .table, isList: true), "{a: 1}", .list([.text(#"{"a": 1}"#)])),
    (OptionSpec("x", .path, isList: true), "[a, ./b]", .list([.text("/base/a"), .text("/base/b")])),
    (OptionSpec("x", .int), "null", nil),
  ]

  @Test(arguments: taken)
  func `a value is read by its row`(spec: OptionSpec, text: String, value: OptionValue?) throws {
    let (values, problems) = try read([spec], "x: \(text)")
    #expect(values["x"] == value)
    #expect(problems.isEmpty)
    // As a default it means the same.
    var withDefault = spec
    withDefault.defaultText = text
    #expect(try read([withDefault], "{}").0["x"] == value)
  }

  static let refused: [(spec: OptionSpec, text: String, code: ConfigProblem.Code, message: String)] = [
    (OptionSpec("x", .bool), "yes", .wrongType, "must be true or false, not 'yes'"),
    (OptionSpec("x", .bool), "1", .wrongType, "must be true or false, not 1"),
    (OptionSpec("x", .int), "3.0", .wrongType, "must be an integer, not 3.0"),
    (OptionSpec("x", .int), "three", .wrongType, "must be an integer, not 'three'"),
    (OptionSpec("x", .int), "[3]", .wrongType, "must be an integer, not a list"),
    (
      OptionSpec("x", .int), "99999999999999999999", .wrongType,
      "must be an integer, not 99999999999999999999"
    ),
    (OptionSpec("x", .int, range: "[1, 9]"), "10", .outOfRange, "must be at least 1 and at most 9, not 10"),
    (OptionSpec("x", .float, range: "[0, 1)"), "1.5", .outOfRange, "must be at least 0 and below 1, not 1.5"),
    (OptionSpec("x", .float, range: "(0, )"), ".nan", .outOfRange, "must be finite and above 0, not .nan"),
    (OptionSpec("x", .float, range: "[0, )"), ".inf", .outOfRange, "must be finite and at least 0, not .inf"),
    (OptionSpec("x", .float), "-.inf", .outOfRange, "must be finite, not -.inf"),
    (OptionSpec("x", .float), "'Infinity'", .outOfRange, "must be finite, not Infinity"),
    (
      OptionSpec("x", .float, range: "[0, inf]"), "-.inf", .outOfRange,
      "must be at least 0, also infinite, not -.inf"
    ),
    (OptionSpec("x", .float), "'0.5'", .wrongType, "must be a number, not '0.5'"),
    (OptionSpec("x", .float), "true", .wrongType, "must be a number, not true"),
    (OptionSpec("x", .string), "true", .wrongType, "must be a text, not true"),
    (OptionSpec("x", .string), "{a: 1}", .wrongType, "must be a text, not a map"),
    (OptionSpec("x", .string), #""a\0b""#, .wrongValue, "holds the character U+0000, which ends a text in C"),
    (
      OptionSpec("x", .choice, choices: ["min", "max"]), "mni", .notAChoice,
      "must be one of min, max, not 'mni'"
    ),
    (OptionSpec("x", .duration), "1x", .wrongType, "must be a duration such as 90s or 1h30m, not '1x'"),
    (OptionSpec("x", .duration), "30m1h", .wrongType, "must be a duration such as 90s or 1h30m, not '30m1h'"),
    (OptionSpec("x", .duration), "1h-5m", .wrongType, "must be a duration such as 90s or 1h30m, not '1h-5m'"),
    (OptionSpec("x", .duration), "''", .wrongType, "must be a duration such as 90s or 1h30m, not ''"),
    (OptionSpec("x", .duration), "é", .wrongType, "must be a duration such as 90s or 1h30m, not 'é'"),
    (OptionSpec("x", .duration, range: "[0, )"), "-1", .outOfRange, "must be at least 0, not -1"),
    (OptionSpec("x", .metric), "''", .wrongType, "must be the name of a metric, not ''"),
    (OptionSpec("x", .table), "a", .wrongType, "must be a table, not 'a'"),
    (
      OptionSpec("x", .int, isList: true), "[1, a]", .wrongType,
      "must be a list, each element an integer, not 'a'"
    ),
    (
      OptionSpec("x", .int, isList: true), "[1, null]", .wrongType,
      "must be a list, each element an integer, not nothing"
    ),
    (OptionSpec("x", .int, default: "3"), "null", .wrongType, "has no value"),
    (OptionSpec("x", .int, isRequired: true), "~", .wrongType, "has no value"),
    (OptionSpec("x", .float, range: "0..1"), "1", .wrongOptionSpec, ""),
  ]

  @Test(arguments: refused)
  func `a value of another type, range or choice is refused`(
    spec: OptionSpec, text: String, code: ConfigProblem.Code, message: String
  ) throws {
    let (values, problems) = try read([spec], "x: \(text)")
    #expect(values["x"] == nil)
    #expect(problems.map(\.code) == [code])
    if !message.isEmpty {
      #expect(problems.first?.message == "option 'x' of callback 'early-stopping' \(message)")
    }
  }

  @Test func `what is not given has its default`() throws {
    let (values, problems) = try read(Self.earlyStopping, "{plugin: early-stopping, patience: 5}")
    #expect(values == ["monitor": .text("val_loss"), "patience": .int(5), "mode": .text("auto")])
    #expect(problems.isEmpty)
  }

  @Test func `problems come out together and say what, where and what to do`() throws {
    let specs = Self.earlyStopping + [OptionSpec("file", .path, "Where to write.", isRequired: true)]
    let (_, problems) = try read(
      specs,
      """
      plugin: early-stopping
      patiense: 3
      patience: 3.0
      mode: maxx
      zzz: 1
      plugn: 2
      """)
    #expect(
      ConfigProblems(problems).rendered == """
        error: unknown option 'patiense' of callback 'early-stopping'
          where: p.yaml:2:1, callbacks[0]
          help:  did you mean 'patience'? options: monitor, patience, mode, file

        error: option 'patience' of callback 'early-stopping' must be an integer, not 3.0
          where: p.yaml:3:11, callbacks[0]
          help:  write 3; patience: int, default 3, at least 0, in epochs. Epochs without improvement.

        error: option 'mode' of callback 'early-stopping' must be one of auto, min, max, not 'maxx'
          where: p.yaml:4:7, callbacks[0]
          help:  did you mean 'max'? mode: one of auto, min, max, default auto. The better direction.

        error: unknown option 'zzz' of callback 'early-stopping'
          where: p.yaml:5:1, callbacks[0]
          help:  options: monitor, patience, mode, file

        error: unknown option 'plugn' of callback 'early-stopping'
          where: p.yaml:6:1, callbacks[0]
          help:  did you mean 'plugin'? options: monitor, patience, mode, file

        error: option 'file' of callback 'early-stopping' is missing
          where: p.yaml:1:1, callbacks[0]
          help:  give it; file: path, required. Where to write.
        """)
  }

  @Test func `a rest row collects what no other row declares`() throws {
    let specs = Self.earlyStopping + [OptionSpec("engine", .rest)]
    let (values, problems) = try read(specs, "{depth: 6, eta: 0.1, plugin: x, deep: {a: [true]}, engine: 1}")
    #expect(problems.isEmpty)
    #expect(values["engine"] == .text(#"{"depth": 6, "eta": 0.1, "deep": {"a": [true]}, "engine": 1}"#))
    #expect(try read(specs, "{}").0["engine"] == .text("{}"))
  }

  @Test func `a wrong default is its author's mistake`() throws {
    let (values, problems) = try read([OptionSpec("x", .int, default: "three")], "{}")
    #expect(values.isEmpty)
    #expect(problems.map(\.code) == [.wrongOptionSpec])
    #expect(try read([OptionSpec("x", .int, default: "[1")], "{}").1.map(\.code) == [.wrongOptionSpec])
  }

  @Test func `options that are no map are refused`() throws {
    #expect(try read(Self.earlyStopping, "[1]").1.map(\.code) == [.wrongType])
    #expect(try read(Self.earlyStopping, "").1.isEmpty)
  }

  @Test func `values written down read back the same, without secrets`() throws {
    let specs = [
      OptionSpec("file", .path), OptionSpec("limit", .duration), OptionSpec("table", .table),
      OptionSpec("tables", .table, isList: true), OptionSpec("sizes", .int, isList: true),
      OptionSpec("token", .string, isSecret: true), OptionSpec("eta", .float, range: "[0, inf]"),
      OptionSpec("rest", .rest),
    ]
    let text = """
      {file: a, limit: 1m, table: {a: [1.0, .inf]}, tables: [{b: 1}, [2]], sizes: 5, token: s3, eta: .inf, more: x}
      """
    let (values, problems) = try read(specs, text)
    #expect(problems.isEmpty)
    let node = ConfigNode(.map(OptionSpec.nodes(of: values, for: specs)))
    #expect(node.entries.map(\.key) == ["file", "limit", "table", "tables", "sizes", "eta", "more"])
    var (again, _) = try read(specs, YAMLWriter.text(node))
    again["token"] = values["token"]
    #expect(again == values)
  }

  // MARK: Names

  static let names: [(typed: String, names: [String], nearest: String?)] = [
    ("patiense", ["monitor", "patience", "mode"], "patience"),
    ("early-stoping", ["csv-logger", "early-stopping"], "early-stopping"),
    ("early_stopping", ["early-stopping"], "early-stopping"),
    ("mdoe", ["mode", "node"], "mode"),
    ("MODE", ["mode"], "mode"),
    ("lr", ["lr"], "lr"),
    ("xy", ["ab", "x"], nil),
    ("epoch", ["batch", "epochs"], "epochs"),
    ("banana", ["monitor", "patience"], nil),
    ("", ["a"], nil),
    (String(repeating: "a", count: 1000), ["a"], nil),
  ]

  @Test(arguments: names)
  func `the nearest name is found where one is near`(typed: String, names: [String], nearest: String?) {
    #expect(NearestName.of(typed, among: names) == nearest)
  }

  @Test func `swapped letters are one error`() {
    #expect(NearestName.distance(Array("mdoe"), Array("mode")) == 1)
    #expect(NearestName.distance(Array("kitten"), Array("sitting")) == 3)
    #expect(NearestName.distance(Array(""), Array("abc")) == 3)
  }
}
