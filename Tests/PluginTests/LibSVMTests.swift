import CTrainyard
import Support
import Testing

@Suite struct LibSVMTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func probe(_ text: String, _ more: [String: [String]] = [:]) throws -> DatasetProbe {
    try DatasetProbe("libsvm", more.merging(["file": [try folder.write("rows.svm", text)]]) { $1 })
  }

  private func refusal(_ text: String, _ more: [String: [String]] = [:]) throws -> String {
    PluginTests.refusal(of: "libsvm", more.merging(["file": [try folder.write("rows.svm", text)]]) { $1 })
  }

  @Test func `rows with zeros where nothing is written`() throws {
    let text = "+1 1:0.5 3:2\n-1 2:1e-3 # second\n\n# only a comment\n  \n0.25\t3:-1 \r\n7"
    for bytes in [Array(text.utf8), gzip(text)] {
      let data = try DatasetProbe("libsvm", ["file": [try folder.write("rows", bytes)]])
      #expect(data.rowCount == 4)
      #expect(
        data.fields == [
          .init(name: "features", role: TY_ROLE_FEATURE, type: "f32", shape: [3]),
          .init(name: "target", role: TY_ROLE_TARGET, type: "f64"),
        ])
      let values = try #require(try data.whole("features")).values
      #expect(values == [0.5, 0, 2, 0, Double(Float(0.001)), 0, 0, 0, -1, 0, 0, 0])
      #expect(try #require(try data.whole("target")).values == [1, -1, 0.25, 7])
      #expect(try data.read("features", rows: [2, 0]) == [0, 0, -1, 0.5, 0, 2])
    }
  }

  @Test func `qid is the group`() throws {
    let data = try probe("2 qid:1 1:0.5 2:1\n0 qid:1 2:3\n1 qid:20 1:-4\n")
    #expect(data.fields[2] == .init(name: "group", role: TY_ROLE_GROUP, type: "i64"))
    #expect(try #require(try data.whole("group")).values == [1, 1, 20])
  }

  @Test func `labels are classes where that is wanted`() throws {
    let data = try probe("+1 1:1\n-1 1:1\n1 1:1\n10 1:1\n", ["target_type": ["category"]])
    #expect(data.fields[1].categories == ["-1", "1", "10"])
    #expect(try #require(try data.whole("target")).values == [1, 0, 1, 2])
  }

  @Test func `indices from 0, more features, no labels`() throws {
    let data = try probe("0:1 5:2.5\n1:3\n", ["index_base": ["0"], "features": ["8"]])
    #expect(data.fields.map(\.name) == ["features"])
    #expect(data.fields[0].shape == [8])
    #expect(try #require(try data.whole("features")).values[..<8] == [1, 0, 0, 0, 0, 2.5, 0, 0])
  }

  static let bad: [(text: String, options: [String: [String]], words: [String])] = [
    ("", [:], ["has no rows"]),
    ("# nothing\n", [:], ["has no rows"]),
    ("1\n-1\n", [:], ["has no feature in any row"]),
    ("1 1:1\nx 1:1\n", [:], ["line 2 of", "begins with 'x'"]),
    ("1,2 1:1\n", [:], ["line 1 of", "begins with '1,2'", "several labels"]),
    ("1 1:1\n1 0:1\n", [:], ["line 2 of", "has the index 0", "`index_base: 0`"]),
    ("1 2:1 1:1\n", [:], ["has the index 1 after 2"]),
    ("1 2:1 2:1\n", [:], ["has the index 2 after 2"]),
    ("1 3:1\n", ["features": ["2"]], ["has the index 3, and the highest is 2", "raise `features`"]),
    ("1 99999999999:1\n", [:], ["has the index 99999999999"]),
    ("1 9999999999999999999999:1\n", [:], ["has '9999999999999999999999:1'"]),
    ("1 1:x\n", [:], ["has '1:x'", "index:value"]),
    ("1 1:1x\n", [:], ["has '1:1x'"]),
    ("1 1:1e39\n", [:], ["has '1:1e39'", "32-bit float"]),
    ("1 a\n", [:], ["has 'a'"]),
    ("1 1:1\n2:1\n", [:], ["line 2 of", "has no label, and the first row has one"]),
    ("1:1\n1 2:1\n", [:], ["has a label, and the first row has none"]),
    ("1 qid:1 1:1\n1 1:1\n", [:], ["line 2 of", "has no qid"]),
    ("1 1:1\n1 qid:1 1:1\n", [:], ["line 2 of", "has a qid"]),
    ("1 qid:x 1:1\n", [:], ["has 'qid:x'"]),
    ("1 1:1\r2 1:1\r", [:], ["line 1 of", "a carriage return"]),
    (
      "1 1000000:1\n", ["memory_limit": ["3999999"]],
      ["1 rows of 1000000 features", "more than `memory_limit`"]
    ),
  ]

  @Test(arguments: bad.indices)
  func `what is no such file`(_ index: Int) throws {
    let row = Self.bad[index]
    expect(try refusal(row.text, row.options), has: row.words + ["help: "])
  }

  @Test func `a file that does not exist`() {
    expect(PluginTests.refusal(of: "libsvm", ["file": ["/no/such"]]), has: ["cannot open '/no/such'"])
  }
}
