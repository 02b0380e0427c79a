import CTrainyard
import Support
import Testing

@Suite struct CSVTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func probe(_ text: String, _ more: [String: [String]] = [:]) throws -> DatasetProbe {
    try DatasetProbe("csv", more.merging(["file": [try folder.write("data.csv", text)]]) { $1 })
  }

  private func refusal(_ text: String, _ more: [String: [String]] = [:]) throws -> String {
    PluginTests.refusal(of: "csv", more.merging(["file": [try folder.write("data.csv", text)]]) { $1 })
  }

  private func values(_ data: DatasetProbe, _ field: String) throws -> [Double] {
    try #require(try data.whole(field)).values
  }

  // MARK: What it delivers

  @Test func `a field for each column, features first`() throws {
    let data = try probe(
      "kind,length,query,w,name,colour\nb,1.5,7,1,x1,red\na,-2,7,0.5,x2,blue\nb,3e2,8,2,x3,red\n",
      [
        "target": ["kind"], "weight": ["w"], "group": ["query"], "id": ["name"], "categorical": ["colour"],
      ])
    #expect(data.rowCount == 3)
    #expect(
      data.fields == [
        .init(name: "length", role: TY_ROLE_FEATURE, type: "f64"),
        .init(
          name: "colour", role: TY_ROLE_FEATURE, type: "i32", categoryCount: 2, categories: ["blue", "red"]),
        .init(name: "kind", role: TY_ROLE_TARGET, type: "i32", categoryCount: 2, categories: ["a", "b"]),
        .init(name: "w", role: TY_ROLE_WEIGHT, type: "f64"),
        .init(name: "query", role: TY_ROLE_GROUP, type: "i64"),
        .init(name: "name", role: TY_ROLE_ID, type: "i32", categoryCount: 3, categories: ["x1", "x2", "x3"]),
      ])
    #expect(try values(data, "length") == [1.5, -2, 300])
    #expect(try values(data, "colour") == [1, 0, 1])
    #expect(try values(data, "kind") == [1, 0, 1])
    #expect(try values(data, "w") == [1, 0.5, 2])
    #expect(try values(data, "query") == [7, 7, 8])
    #expect(try values(data, "name") == [0, 1, 2])
  }

  @Test func `rows in any order and repeated`() throws {
    let data = try probe("a,b\n1,x\n2,y\n3,x\n", ["categorical": ["b"]])
    #expect(try data.read("a", rows: [2, 0, 2]) == [3, 1, 3])
    #expect(try data.read("b", rows: [1, 2]) == [1, 0])
    #expect(throws: ProbeFailure.self) { try data.read("a", rows: [3]) }
    try data.reset()
    #expect(try data.read("a", rows: [0, 1, 2]) == [1, 2, 3])
  }

  static let writings: [(text: String, why: Comment)] = [
    ("a,b\n1,x\n2,y y\n", "plain"),
    ("a,b\n1,x\n2,y y", "no line end after the last row"),
    ("a,b\r\n1,x\r\n2,y y\r\n", "CRLF"),
    ("a,b\r1,x\r2,y y\r", "CR"),
    ("\u{feff}a,b\n1,x\n2,y y\n", "byte order mark"),
    ("\na,b\n\n1,x\r\n\r\n2,y y\n\n", "empty lines"),
    ("a , b\n 1 , x\n2\t,  y y  \n", "blanks around cells"),
    ("\"a\",\"b\"\n\"1\",\"x\"\n\"2\" , \"y y\"\n", "quotes"),
  ]

  @Test(arguments: writings)
  func `one table in many writings`(text: String, why: Comment) throws {
    for separator in [",", ";", "tab"] {
      let written = text.map { $0 == "," ? (separator == "tab" ? "\t" : separator) : String($0) }.joined()
      if separator == "tab", why == "blanks around cells" { continue }
      for isPacked in [false, true] {
        let path = try folder.write("data", isPacked ? gzip(written) : Array(written.utf8))
        let data = try DatasetProbe(
          "csv", ["file": [path], "categorical": ["b"], "separator": [separator]])
        #expect(data.fields.map(\.name) == ["a", "b"], why)
        #expect(try values(data, "a") == [1, 2], why)
        #expect(data.fields[1].categories == ["x", "y y"], why)
      }
    }
  }

  @Test func `quoted cells hold separators, line ends and quotes`() throws {
    let data = try probe(
      "text,\"n \"\"1\"\"\"\n\"a,b\",1\n\"line 1\nline 2\r\n\",2\n\"say \"\"hi\"\"\",3\n\" in \",4\n",
      ["categorical": ["text"]])
    #expect(data.fields.map(\.name) == ["text", "n \"1\""])
    #expect(data.fields[0].categories == [" in ", "a,b", "line 1\nline 2\r\n", "say \"hi\""])
    #expect(try values(data, "text") == [1, 2, 3, 0])
    #expect(try values(data, "n \"1\"") == [1, 2, 3, 4])
  }

  @Test func `without a header columns are numbered`() throws {
    let data = try probe("\"q\"\"q\",1\nr,2\n", ["header": ["false"], "categorical": ["column_0"]])
    #expect(data.fields.map(\.name) == ["column_0", "column_1"])
    #expect(data.fields[0].categories == ["q\"q", "r"])
    #expect(try values(data, "column_1") == [1, 2])
  }

  @Test func `a column without a name is numbered`() throws {
    #expect(try probe(",a\n1,2\n").fields.map(\.name) == ["column_0", "a"])
  }

  @Test func `a header alone is a table without rows`() throws {
    for text in ["a,b", "a,b\n", "a,b\n\n"] {
      let data = try probe(text, ["target": ["b"], "target_type": ["category"]])
      #expect(data.rowCount == 0)
      #expect(data.fields.map(\.name) == ["a", "b"])
    }
  }

  @Test func `category names are sorted by value or by code point`() throws {
    let numbers = try probe("a,b\n0,10\n0,9\n0,-1\n0,9\n", ["categorical": ["b"]])
    #expect(numbers.fields[1].categories == ["-1", "9", "10"])
    #expect(try values(numbers, "b") == [2, 1, 0, 1])
    let texts = try probe("a,b\n0,10\n0,9\n0,é\n0,Z\n0,a\n", ["categorical": ["b"]])
    #expect(texts.fields[1].categories == ["10", "9", "Z", "a", "é"])
  }

  @Test func `many categories`() throws {
    let count = 5000
    let names = (0..<count).map { "k\($0 * 7919 % count)" }
    let data = try probe("a,b\n" + names.map { "0,\($0)\n" }.joined(), ["categorical": ["b"]])
    let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    #expect(data.fields[1].categories == sorted)
    #expect(try values(data, "b").map { sorted[Int($0)] } == names)
  }

  // MARK: Numbers

  static let decimals = [
    "0", "-0", "+7", "1.", ".5", "-.5e1", "1E3", "1e-3", "123456789012345678", "9007199254740993",
    "12345678901234567890", "0.1", "0.30000000000000004", "3.141592653589793238462643",
    "1.7976931348623157e308",
    "2.2250738585072014e-308", "4.9e-324", "2.4703282292062327208e-324", "1e22", "1e23", "8.5e22", "1e-22",
    "1e-23", "0.000000000000000000001", "179769313486231580793e288", "9.5367431640625e-07",
    "1.00000000000000011102230246251565", "1.0000000000000001110", "1.8446744073709551615",
    "18446744073709551615e-19", "9999999999999999999e-19", "0.0000000000000000000", "00001.5",
    // Above the middle of two doubles by less than 64 bits show.
    "665126574425386119e-17", "3219564546749879420e-10", "5096189955459663868e-9", "4346364324495648575e-8",
  ]

  @Test func `decimals are rounded as Swift rounds them`() throws {
    var random = SystemRandomNumberGenerator()
    var texts = Self.decimals
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.next())
      if value.isFinite { texts.append("\(value)") }
      texts.append("\(Double.random(in: -1000...1000, using: &random))")
      let digits = UInt64.random(in: 0...UInt64.max, using: &random) >> Int.random(in: 0..<64, using: &random)
      texts.append("\(digits)e\(Int.random(in: -25...25, using: &random))")
    }
    let data = try probe("x\n" + texts.joined(separator: "\n"))
    for (text, value) in zip(texts, try values(data, "x")) {
      #expect(value.bitPattern == Double(text)?.bitPattern, "\(text)")
    }
  }

  @Test(arguments: [
    "abc", "1x", "1 2", "-", ".", "e5", "1e", "1e+", "0x10", "1,5", "inf", "--1", "1e999", "\"\"",
  ])
  func `what is not a number`(text: String) throws {
    let quoted = text == "\"\"" ? "\"x\"\"\"" : "\"\(text)\""
    expect(
      try refusal("a,b\n1,2\n3,\(quoted)\n"),
      has: [
        "text in a numeric column: '\(text == "\"\"" ? "x\"" : text)' in column 'b', line 3 of '\(folder.path)/data.csv'",
        "help: list 'b' in `categorical` or `ignore`, or list the text in `missing_values`",
      ])
  }

  // MARK: Missing values

  @Test func `missing numbers are NaN and missing categories -1`() throws {
    let data = try probe(
      "a,b,c\n1,x,1\n,NA,1\nnull,?,1\nNaN,,1\n\"\",nan,1\n 5 ,x,1\n", ["categorical": ["b"], "target": ["c"]])
    let a = try values(data, "a")
    #expect(a.map(\.isNaN) == [false, true, true, true, true, false])
    #expect(a[5] == 5)
    #expect(try values(data, "b") == [0, -1, -1, -1, -1, 0])
    #expect(data.fields[1].categories == ["x"])
  }

  @Test func `other words for missing values`() throws {
    let data = try probe("a,b\n-999,NA\n1,z\n", ["categorical": ["b"], "missing_values": ["-999", "none"]])
    #expect(data.fields[1].categories == ["NA", "z"])
    #expect(try values(data, "a")[0].isNaN)
    expect(try refusal("a\n1\nNA\n", ["missing_values": ["none"]]), has: ["'NA' in column 'a', line 3"])
  }

  static let required: [(option: String, what: String)] = [
    ("target", "the target is missing"), ("weight", "the weight is missing"),
    ("group", "the group is missing"),
  ]

  @Test(arguments: required)
  func `targets, weights and groups are never missing`(option: String, what: String) throws {
    expect(
      try refusal("a,b\n1,2\n\n3,NA\n", [option: ["b"]]),
      has: [what + " in line 4 of '\(folder.path)/data.csv': column 'b' is 'NA'", "help: take the row out"])
  }

  @Test func `an id may be missing`() throws {
    let data = try probe("a,i\n1,5\n2,\n", ["id": ["i"]])
    #expect(try values(data, "i") == [0, -1])
    #expect(data.fields[1].categories == ["5"])
  }

  // MARK: Targets

  static let targets: [(cells: [String], options: [String: [String]], type: String, categories: [String])] = [
    (["1", "2", "10"], [:], "f64", []),
    (["1", "2", "10"], ["target_type": ["category"]], "i32", ["1", "2", "10"]),
    (["1", "2", "10"], ["categorical": ["y"]], "i32", ["1", "2", "10"]),
    (["1", "2", "many"], [:], "i32", ["1", "2", "many"]),
    (["0.5", "1e3", "-1"], ["target_type": ["number"]], "f64", []),
  ]

  @Test(arguments: targets)
  func `a target is a number or a category`(
    cells: [String], options: [String: [String]], type: String, categories: [String]
  ) throws {
    let text = "x,y\n" + cells.map { "0,\($0)\n" }.joined()
    let field = try probe(text, options.merging(["target": ["y"]]) { $1 }).fields[1]
    #expect(field.role == UInt32(TY_ROLE_TARGET))
    #expect(field.type == type)
    #expect(field.categories == categories)
  }

  @Test func `a target that must be a number`() throws {
    expect(
      try refusal("x,y\n1,high\n", ["target": ["y"], "target_type": ["number"]]),
      has: ["text in a numeric column: 'high' in column 'y', line 2", "help: set `target_type: category`"])
  }

  @Test func `several targets`() throws {
    let data = try probe("y1,x,y2\n1,2,3\n", ["target": ["y2", "y1"]])
    #expect(data.fields.map(\.name) == ["x", "y2", "y1"])
    #expect(data.fields.map(\.role) == [TY_ROLE_FEATURE, TY_ROLE_TARGET, TY_ROLE_TARGET].map { UInt32($0) })
  }

  @Test func `a file to predict for has no target, or gaps in it`() throws {
    let optional = ["target": ["y"], "target_optional": ["true"]]
    #expect(try probe("x\n1\n", optional).fields.map(\.name) == ["x"])
    #expect(try probe("x,y\n1,\n2,b\n", optional).fields.map(\.name) == ["x"])
    #expect(try probe("x,y\n1,a\n2,b\n", optional).fields.map(\.name) == ["x", "y"])
    expect(
      try refusal("x\n1\n", ["target": ["y"]]),
      has: ["`target` names a column 'y', which", "its columns are x"])
  }

  // MARK: Choice of columns

  @Test func `features in the order of the option`() throws {
    #expect(try probe("a,b,c\n1,2,3\n", ["features": ["c", "a"]]).fields.map(\.name) == ["c", "a"])
    // What is not used may hold anything.
    #expect(try probe("a,b\n1,text\n", ["features": ["a"]]).rowCount == 1)
    #expect(try probe("a,b\n1,text\n", ["ignore": ["b"]]).fields.map(\.name) == ["a"])
  }

  @Test(arguments: ["features", "target", "categorical", "ignore", "weight", "group", "id"])
  func `an unknown column, with the nearest name`(option: String) throws {
    expect(
      try refusal("height,width\n1,2\n", [option: ["hieght"]]),
      has: [
        "`\(option)` names a column 'hieght', which '\(folder.path)/data.csv' does not have",
        "help: did you mean 'height'? its columns are height, width",
      ])
  }

  static let conflicts: [(options: [String: [String]], words: String)] = [
    (["features": ["a"], "target": ["a"]], "column 'a' is listed in `features` and in `target`"),
    (["weight": ["a"], "ignore": ["a"]], "column 'a' is listed in `weight` and in `ignore`"),
    (["features": ["a", "a"]], "`features` lists column 'a' twice"),
    (["weight": ["a"], "categorical": ["a"]], "column 'a' is the weight, and `categorical` lists it"),
    (
      ["target": ["a"], "categorical": ["a"], "target_type": ["number"]],
      "`target_type` is number, and `categorical` lists the target 'a'"
    ),
    (["target": ["a"], "ignore": ["b"]], "has no column to learn from: each of its 2 has another use"),
    (["separator": ["ab"]], "`separator` is 'ab', and must be one ASCII character"),
    (["separator": ["."]], "`separator` is '.'"),
    (["separator": ["é"]], "`separator` is 'é'"),
  ]

  @Test(arguments: conflicts)
  func `options that contradict each other or the file`(options: [String: [String]], words: String) throws {
    expect(try refusal("a,b\n1,2\n", options), has: [words, "help: "])
  }

  // MARK: Bad files

  @Test func `a file that does not exist`() {
    expect(
      PluginTests.refusal(of: "csv", ["file": ["/no/such.csv"]]),
      has: ["cannot open '/no/such.csv': No such file", "help: "])
  }

  @Test func `gzip data that are cut off`() throws {
    let packed = gzip("a,b\n1,2\n")
    let path = try folder.write("data.csv.gz", Array(packed.dropLast(3)))
    expect(
      PluginTests.refusal(of: "csv", ["file": [path]]),
      has: ["data.csv.gz' is truncated", "ends at byte \(packed.count - 3)"])
  }

  static let badTexts: [(text: String, words: [String])] = [
    ("", ["data.csv' is empty"]),
    ("\n\r\n", ["data.csv' is empty"]),
    ("a,b\n1,2\n3\n", ["line 3 of", "has 1 cell, and the first line has 2"]),
    ("a,b\n1,2\n\n\"x\ny\",2,3\n", ["line 4 of", "has 3 cells, and the first line has 2"]),
    ("a,b\n1,2,\n", ["line 2 of", "has 3 cells"]),
    ("a,b\nSmith, John,2\n", ["line 2 of", "has 3 cells"]),
    ("a,b\n1,\"2\n3,4\n", ["a quoted cell that begins in line 2 of", "has no end"]),
    ("a,\"b\n1,2\n", ["a quoted cell that begins in line 1 of"]),
    ("a,b\n1,\"2\"x\n", ["text follows a quoted cell in line 2 of"]),
    ("a,b,a\n1,2,3\n", ["columns 1 and 3 of", "are both named 'a'", "help: rename one of them"]),
    ("1,1\n1,2\n", ["are both named '1'", "or set `header: false` if line 1 is data"]),
    ("a,b\n1,\0\n", ["is not text: byte 6 is zero"]),
    ("a,b\n\"1\n\n\",2\nx,3", ["'1\n\n' in column 'a', line 2"]),
  ]

  @Test(arguments: badTexts)
  func `a text that is no table`(text: String, words: [String]) throws {
    expect(try refusal(text), has: words)
  }

  @Test func `UTF-16 is named`() throws {
    let path = try folder.write("data.csv", [0xff, 0xfe, 0x61, 0, 0x0a, 0])
    expect(PluginTests.refusal(of: "csv", ["file": [path]]), has: ["is UTF-16", "help: save it as UTF-8"])
  }

  @Test(arguments: [[0x80], [0x80, 0x5f, 0x70, 0x0a, 0x31, 0x0a], [0x80, 0x81, 0x82, 0x83]] as [[UInt8]])
  func `what is not UTF-8 is refused from the first byte on`(text: [UInt8]) throws {
    let path = try folder.write("data.csv", text)
    expect(
      PluginTests.refusal(of: "csv", ["file": [path]]), has: ["is not UTF-8: byte 0, in line 1, is 0x80"])
  }

  @Test func `what is not UTF-8 is refused with its line`() throws {
    let head = Array("a,b\r\n\u{e9},\u{1f600}\r\n\"x\ny\",1\n".utf8)
    let bad: [([UInt8], String)] = [
      ([0xe9, 0x2c, 0x31], "0xe9"), ([0xc0, 0x80], "0xc0"), ([0xed, 0xa0, 0x80], "0xed"),
      ([0xf4, 0x90, 0x80, 0x80], "0xf4"), ([0x80], "0x80"), ([0xf0, 0x9f, 0x98], "0xf0"), ([0xff], "0xff"),
    ]
    for (bytes, word) in bad {
      // Also behind as much text as is looked at in one go, and across its end.
      for count in [0, 4090, 4096, 20_000] {
        let text = head + [UInt8](repeating: UInt8(ascii: "7"), count: count) + bytes
        let path = try folder.write("data.csv", text)
        expect(
          PluginTests.refusal(of: "csv", ["file": [path]]),
          has: ["is not UTF-8: byte \(head.count + count), in line 5, is \(word)", "help: save it as UTF-8"])
      }
    }
    let long = String(repeating: "\u{e9}\u{20ac}", count: 5000)
    #expect(try probe("a,b\n1,\(long)\n", ["categorical": ["b"]]).fields[1].categories == [long])
  }

  @Test func `a file of whole pages, with and without a line end`() throws {
    for last in ["\n", "", "5"] {
      let rows = String(repeating: "1234,7\n", count: 1023) + "1234,7" + last
      let filled = "a,b\n" + String(repeating: "\n", count: 8188 - rows.utf8.count) + rows
      #expect(filled.utf8.count == 8192)
      let data = try probe(filled)
      #expect(data.rowCount == 1024)
      #expect(try values(data, "b").last == (last == "5" ? 75 : 7))
    }
  }

  @Test func `line numbers count line ends inside cells`() throws {
    expect(
      try refusal("a,b\n\"x\r\ny\",1\n\n\"z\",oops\n", ["categorical": ["a"]]),
      has: ["'oops' in column 'b', line 5 of"])
  }

  // MARK: Threads

  /// Texts that are long enough for several threads, each with something that shifts the places where they begin.
  static let longTexts: [(row: String, why: Comment)] = [
    ("1.25,red,7,a1,3", "plain"),
    ("1.25,red,7,a1,3\n\n", "empty lines"),
    ("1.25,\"light,\nblue\",7,a1,3", "line ends in quoted cells"),
    ("1.25,\"a \"\"b\"\"\n\n\",7,a1,3", "doubled quotes and line ends"),
    ("1.25,5\" wide,7,a1,3", "quotes that pair with nothing"),
    ("NA,,7,a1,3\r", "missing cells and CRLF"),
    ("1.25,5\",7,\"a,\n\n1\",3", "both kinds of quotes"),
  ]

  @Test(arguments: longTexts)
  func `any number of threads reads the same`(row: String, why: Comment) throws {
    var text = "x,colour,y,name,query\n"
    for number in 0..<4000 {
      let cells = row.split(separator: "7").map(String.init)
      // Rows of many lengths, names of which few are the same, a target that is a number but for one row.
      text += cells[0] + (number == 3900 ? "many" : "\(number * number)") + cells[1].dropLast(1)
      text += (cells[1].hasSuffix("3") ? "\(number)" : String(cells[1].suffix(1))) + "\n"
      if number % 7 == 0 { text += "\(number),c\(number % 300),1,\"b\(number)\",5\n" }
    }
    let path = try folder.write("data.csv", text)
    func read(_ threads: Int) throws -> DatasetProbe {
      try DatasetProbe(
        "csv",
        [
          "file": [path], "categorical": ["colour"], "target": ["y"], "id": ["name"], "group": ["query"],
          "threads": ["\(threads)"],
        ])
    }
    let one = try read(1)
    #expect(one.rowCount == 4000 + 572, why)
    for threads in [2, 3, 8, 0] {
      let several = try read(threads)
      #expect(several.fields == one.fields, why)
      for field in one.fields {
        let same =
          try values(several, field.name).map(\.bitPattern) == values(one, field.name).map(\.bitPattern)
        #expect(same, "\(field.name), \(threads) threads, \(why)")
      }
    }
  }

  static let lateFaults: [(row: String, words: String)] = [
    ("1,2", "line 20002 of"), ("1,text,3", "'text' in column 'b', line 20002"),
    ("1,\"2", "a quoted cell that begins in line 20002"),
    ("1,\"2\"x,3", "text follows a quoted cell in line 20002"),
    ("1,,3", "line 20002 of"), ("1,2,\u{0}", "is not text: byte 160003 is zero"),
  ]

  @Test(arguments: lateFaults)
  func `the first fault is named with its line, whatever the number of threads`(
    row: String, words: String
  ) throws {
    // The cell on two lines is counted as such, and a second fault is not named.
    let rows = String(repeating: "1,2,345\n", count: 19_999)
    let text = "a,b,c\n\"4\n\",5,6\n" + rows.dropLast(8) + row + "\n" + rows + "1,2,3,4\n"
    let path = try folder.write("data.csv", text)
    let told = [1, 2, 5].map { threads in
      PluginTests.refusal(
        of: "csv",
        ["file": [path], "categorical": ["a"], "weight": ["b"], "threads": ["\(threads)"]])
    }
    #expect(told[0].contains(words), "\(told[0])")
    #expect(told[1] == told[0])
    #expect(told[2] == told[0])
  }
}
