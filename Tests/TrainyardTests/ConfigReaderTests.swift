import Testing

@testable import Trainyard

@Suite struct ConfigReaderTests {
  static let scalars: [(text: String, value: ConfigNode)] = [
    ("null", .null), ("~", .null), ("", .null), ("true", true), ("FALSE", false),
    ("yes", "yes"), ("on", "on"), ("no", "no"),
    ("12", 12), ("-12", -12), ("+5", 5), ("017", 17), ("0x1F", 31), ("0o17", 15),
    ("0x", "0x"), ("0x-1", "0x-1"), ("1_000", "1_000"), ("1:30", "1:30"), ("0b1", "0b1"),
    ("9223372036854775807", 9_223_372_036_854_775_807), ("9223372036854775808", 9223372036854775808.0),
    ("1.5", 1.5), ("1e-3", 0.001), ("1E+3", 1000.0), (".5", 0.5), ("5.", 5.0), ("-.5e1", -5.0),
    (".inf", ConfigNode(.float(.infinity))), ("-.INF", ConfigNode(.float(-.infinity))),
    ("inf", "inf"), ("nan", "nan"), ("e3", "e3"), ("1e", "1e"), ("1.2.3", "1.2.3"), ("-", [.null]),
    (".", "."),
    ("'12'", "12"), ("\"true\"", "true"), ("\"\\u00e9\\n\"", "é\n"), ("|\n  12\n", "12\n"), ("''", ""),
  ]

  @Test(arguments: scalars)
  func `a scalar means what the core schema of YAML 1.2 says`(text: String, value: ConfigNode) throws {
    #expect(try ConfigReader.read(text: text, file: "a.yaml") == value)
  }

  @Test func `NaN is a float`() throws {
    guard case .float(let value) = try ConfigReader.read(text: ".nan", file: "a").value else {
      Issue.record("no float")
      return
    }
    #expect(value.isNaN)
  }

  @Test func `quotes and spelling are remembered`() throws {
    let node = try ConfigReader.read(text: "{a: 1.10, b: '1.10'}", file: "a.yaml")
    #expect(node["a"]?.text == "1.10" && node["a"]?.isQuoted == false)
    #expect(node["b"]?.text == "1.10" && node["b"]?.isQuoted == true)
  }

  @Test func `maps keep their order and everything its position`() throws {
    let node = try ConfigReader.read(
      text: """
        # a pipeline
        zebra: [1, 2.5]
        "été": {b: x,
           a: y}
        """, file: "p.yaml")
    #expect(node == ["zebra": [1, 2.5], "été": ["b": "x", "a": "y"]])
    #expect(node.position.description == "p.yaml:2:1")
    #expect(node["zebra"]?.elements.last?.position.description == "p.yaml:2:12")
    #expect(node["été"]?.position.description == "p.yaml:3:8")
    #expect(node["été"]?.entries[1].keyPosition.description == "p.yaml:4:4")
  }

  @Test func `aliases and merge keys are taken, and own keys win`() throws {
    let node = try ConfigReader.read(
      text: """
        base: &base {a: 1, b: 2}
        more: &more {b: 3, c: 4}
        one: {b: 5, <<: *base}
        two: {<<: [*base, *more], a: 6}
        list: [*base]
        """, file: "p.yaml")
    #expect(node["one"] == ["b": 5, "a": 1])
    #expect(node["two"] == ["a": 6, "b": 2, "c": 4])
    #expect(node["list"] == [["a": 1, "b": 2]])
  }

  @Test func `an empty text is null`() throws {
    for text in ["", "\n", "# nothing\n", "---\n", "\u{FEFF}"] {
      #expect(try ConfigReader.read(text: text, file: "a.yaml").isNull)
    }
  }

  static let json = #"{"a": [1, -2.5e3, true, null], "b": {"c": "\u00e9 \ud83d\ude00 \/"}, "d": {}}"#

  @Test func `JSON is read the same under either name`() throws {
    let expected: ConfigNode = ["a": [1, -2500.0, true, .null], "b": ["c": "é 😀 /"], "d": [:]]
    #expect(try ConfigReader.read(text: Self.json, file: "a.json") == expected)
    // libyaml knows no halves of surrogate pairs.
    let plain = Self.json.replacing(#"\ud83d\ude00"#, with: "😀")
    #expect(try ConfigReader.read(text: plain, file: "a.yaml") == expected)
    #expect(try ConfigReader.read(text: "{\n\t\"a\":1,\n\t\"b\":[\n]}", file: "a.yaml") == ["a": 1, "b": []])
  }

  static let refused: [(text: String, file: String, code: ConfigProblem.Code, at: String)] = [
    ("a: [1, 2", "p.yaml", .syntax, "p.yaml:2:1"),
    ("a: b: c", "p.yaml", .syntax, "p.yaml:1:5"),
    ("a: 1\n\tb: 2", "p.yaml", .syntax, "p.yaml:2:1"),
    ("a: \"x", "p.yaml", .syntax, "p.yaml:1:6"),
    ("a: 1\n b: 2", "p.yaml", .syntax, "p.yaml:2:3"),
    ("? [a]\n: 1", "p.yaml", .syntax, "p.yaml:1:3"),
    (": 1", "p.yaml", .syntax, "p.yaml:1:1"),
    ("a: \u{1}", "p.yaml", .syntax, "p.yaml:1:1"),
    ("a: 1\n---\nb: 2", "p.yaml", .severalDocuments, "p.yaml:2:1"),
    ("a: !!str 1", "p.yaml", .tag, "p.yaml:1:4"),
    ("a: !x {b: 1}", "p.yaml", .tag, "p.yaml:1:4"),
    ("a: 1\nb: 2\na: 3", "p.yaml", .duplicateKey, "p.yaml:3:1"),
    ("a: *b", "p.yaml", .unknownAlias, "p.yaml:1:4"),
    ("a: &a [*a]", "p.yaml", .unknownAlias, "p.yaml:1:8"),
    ("<<: 3", "p.yaml", .wrongMerge, "p.yaml:1:5"),
    ("a: 1e999", "p.yaml", .numberTooLarge, "p.yaml:1:4"),
    ("", "a.json", .syntax, "a.json:1:1"),
    ("{\"a\": 1,}", "a.json", .syntax, "a.json:1:9"),
    ("[1 2]", "a.json", .syntax, "a.json:1:4"),
    ("[1],", "a.json", .syntax, "a.json:1:4"),
    ("{a: 1}", "a.json", .syntax, "a.json:1:2"),
    ("[01]", "a.json", .syntax, "a.json:1:2"),
    ("[1.]", "a.json", .syntax, "a.json:1:2"),
    ("[.5]", "a.json", .syntax, "a.json:1:2"),
    ("[-]", "a.json", .syntax, "a.json:1:2"),
    ("[NaN]", "a.json", .syntax, "a.json:1:2"),
    ("[truex]", "a.json", .syntax, "a.json:1:6"),
    ("[\"a", "a.json", .syntax, "a.json:1:2"),
    ("[\"a\n\"]", "a.json", .syntax, "a.json:1:4"),
    ("[\"\\x\"]", "a.json", .syntax, "a.json:1:5"),
    ("[\"\\u12g4\"]", "a.json", .syntax, "a.json:1:7"),
    ("[\"\\ud800\"]", "a.json", .syntax, "a.json:1:9"),
    ("[\"\\ud800\\u0041\"]", "a.json", .syntax, "a.json:1:15"),
    ("[\"\\", "a.json", .syntax, "a.json:1:4"),
    ("[1e999]", "a.json", .numberTooLarge, "a.json:1:2"),
    ("{\"a\": 1,\n \"a\": 2}", "a.json", .duplicateKey, "a.json:2:2"),
  ]

  @Test(arguments: refused)
  func `what is no config is refused with its place`(
    text: String, file: String, code: ConfigProblem.Code, at: String
  ) throws {
    let problems = try #require(problems { _ = try ConfigReader.read(text: text, file: file) })
    #expect(problems.map(\.code) == [code])
    #expect(problems.first?.position?.description == at)
  }

  static let bytes: [(bytes: [UInt8], at: String)] = [
    ([0x61, 0x3A, 0x20, 0xFF], "p.yaml:1:4"),
    ([0x61, 0x0A, 0x62, 0xC3], "p.yaml:2:2"),
    ([0xC3, 0xA9, 0xC0, 0x80], "p.yaml:1:2"),
    ([0xED, 0xA0, 0x80], "p.yaml:1:1"),
    ([0xFF, 0xFE, 0x61, 0x00], "p.yaml:1:1"),
  ]

  @Test(arguments: bytes)
  func `bytes that are not UTF-8 are refused with their place`(bytes: [UInt8], at: String) throws {
    let problems = try #require(problems { _ = try ConfigReader.read(bytes: bytes, file: "p.yaml") })
    #expect(problems.map(\.code) == [.invalidUTF8])
    #expect(problems.first?.position?.description == at)
  }

  @Test func `depth is bounded, also through aliases`() throws {
    for file in ["p.yaml", "p.json"] {
      let fits = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
      #expect(throws: Never.self) { try ConfigReader.read(text: fits, file: file) }
      for depth in [65, 100_000] {
        let deep = String(repeating: "[", count: depth)
        #expect(problems { _ = try ConfigReader.read(text: deep, file: file) }?.map(\.code) == [.tooDeep])
      }
    }
    var text = "a0: &a0 [1]\n"
    for level in 1...100 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(problems { _ = try ConfigReader.read(text: text, file: "p.yaml") }?.map(\.code) == [.tooDeep])
  }

  @Test func `a few lines of aliases do not become a billion values`() throws {
    var text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for level in 1...12 {
      text += "a\(level): &a\(level) [" + String(repeating: "*a\(level - 1), ", count: 10) + "]\n"
    }
    let problems = try #require(problems { _ = try ConfigReader.read(text: text, file: "p.yaml") })
    #expect(problems.map(\.code) == [.tooManyValues])
    #expect(problems.first?.position?.line == 5)

    var merges = "m0: &m0 {k: 1}\n"
    for level in 1...40 { merges += "m\(level): &m\(level) {<<: [*m\(level - 1), *m\(level - 1)]}\n" }
    #expect(
      self.problems { _ = try ConfigReader.read(text: merges, file: "p.yaml") }?.map(\.code) == [
        .tooManyValues
      ])
  }

  @Test func `size and number of values are bounded`() {
    let limits = ConfigLimits(bytes: 10, values: 3)
    for file in ["p.yaml", "p.json"] {
      #expect(
        problems { _ = try ConfigReader.read(text: "[1, 2, 3, 4]", file: file, limits: limits) }?.map(\.code)
          == [.tooLarge])
      #expect(
        problems { _ = try ConfigReader.read(text: "[1,2,3]", file: file, limits: limits) }?.map(\.code)
          == [.tooManyValues])
    }
  }

  @Test func `no beginning of a text and no change of a byte makes reading trap`() {
    let text = Array("a: &x {b: [1, 'x', \"\\u00e9\"], <<: {c: 0x1F}}\nd: *x\n? e\n: |\n  é\n".utf8)
    for (sample, file) in [
      (text, "p.yaml"), (Array(Self.json.utf8), "p.json"), (Array(Self.json.utf8), "p.yaml"),
    ] {
      for index in sample.indices {
        _ = try? ConfigReader.read(bytes: Array(sample[..<index]), file: file)
        for byte: UInt8 in [0, 9, 10, 32, 34, 38, 39, 42, 44, 45, 58, 91, 92, 93, 123, 125, 0x80, 0xC3, 0xFF]
        {
          var changed = sample
          changed[index] = byte
          _ = try? ConfigReader.read(bytes: changed, file: file)
        }
      }
    }
  }

  @Test func `problems that leave the rest readable come out together, as they are shown`() throws {
    let thrown = try #require(
      problems {
        _ = try ConfigReader.read(text: "lr: 1\nlr: 2\nx: !!int 3\nbase: &base 1\ny: *bsae\n", file: "p.yaml")
      })
    #expect(
      ConfigProblems(thrown).rendered == """
        error: key 'lr' is given twice; it stands in line 1 already
          where: p.yaml:2:1
          help:  remove one of the two

        error: a tag (!...) is not allowed
          where: p.yaml:3:4
          help:  remove it; put a number in quotes to make it a text

        error: no anchor is named 'bsae'
          where: p.yaml:5:4
          help:  did you mean 'base'? anchors: base
        """)
  }

  @Test func `a text that is not YAML is refused in words`() throws {
    let problems = try #require(
      problems { _ = try ConfigReader.read(text: "model:\n  hidden: [128,\ntrain: {}\n", file: "p.yaml") })
    #expect(
      problems.map(\.rendered) == [
        """
        error: not valid YAML: did not find expected ',' or ']', while parsing a flow sequence that starts in line 2
          where: p.yaml:4:1
          help:  reading got this far: look here and just before for a bracket, quote, comma or space too many or too few
        """
      ])
  }

  @Test func `what a terminal would act upon is not shown as it is`() throws {
    let problems = try #require(
      problems { _ = try ConfigReader.read(text: "\"\\e[31m\": 1\n\"\\e[31m\": 2", file: "p.yaml") })
    #expect(problems.first?.message == "key '\\u{1b}[31m' is given twice; it stands in line 1 already")
  }

  @Test func `a file that cannot be read is refused with the reason`() throws {
    let missing = try #require(problems { _ = try ConfigReader.read(path: "/nonexistent/p.yaml") })
    #expect(missing.map(\.code) == [.unreadableFile])
    #expect(missing.first?.message == "cannot read '/nonexistent/p.yaml': No such file or directory")
    let folder = try #require(problems { _ = try ConfigReader.read(path: "/") })
    #expect(folder.first?.message == "cannot read '/': it is a folder")
    let device = try #require(problems { _ = try ConfigReader.read(path: "/dev/zero") })
    #expect(device.first?.message == "cannot read '/dev/zero': it is not a regular file")
  }

  private func problems(_ body: () throws -> Void) -> [ConfigProblem]? {
    configProblems(body)
  }
}

/// What the body throws; `nil` where it throws nothing or something else.
func configProblems(_ body: () throws -> Void) -> [ConfigProblem]? {
  do {
    try body()
    return nil
  } catch {
    return (error as? ConfigProblems)?.problems
  }
}
