import CSQLite
import CTrainyard
import Support
import Testing

@Suite struct SQLiteTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// A database that has run these statements.
  private func database(_ statements: String) throws -> String {
    let path = try folder.write("data.db", "")
    var handle: OpaquePointer?
    defer { sqlite3_close(handle) }
    try #require(sqlite3_open(path, &handle) == SQLITE_OK)
    try #require(sqlite3_exec(handle, statements, nil, nil, nil) == SQLITE_OK)
    return path
  }

  private func options(
    _ statements: String, _ query: String, _ more: [String: [String]]
  ) throws -> [String: [String]] {
    more.merging(["file": [try database(statements)], "query": [query]]) { $1 }
  }

  private func probe(
    _ statements: String, _ query: String = "SELECT * FROM t", _ more: [String: [String]] = [:]
  ) throws -> DatasetProbe { try DatasetProbe("sqlite", try options(statements, query, more)) }

  private func refusal(
    _ statements: String, _ query: String = "SELECT * FROM t", _ more: [String: [String]] = [:]
  ) throws -> String { PluginTests.refusal(of: "sqlite", try options(statements, query, more)) }

  private func values(_ data: DatasetProbe, _ field: String) throws -> [Double] {
    try #require(try data.whole(field)).values
  }

  static let animals = """
    CREATE TABLE t(name TEXT, size REAL, legs INTEGER, colour TEXT, kind TEXT, w REAL, farm INTEGER);
    INSERT INTO t VALUES ('b', 1.5, 4, 'red', 'dog', 1, 7), ('a', -2, 2, NULL, 'owl', 0.5, 7),
      ('c', NULL, 4, 'blue', 'dog', 2, 8);
    """

  @Test func `a field for each column of the query`() throws {
    let data = try probe(
      Self.animals, "SELECT *, legs * 2 AS twice FROM t ORDER BY name",
      ["target": ["kind"], "weight": ["w"], "group": ["farm"], "id": ["name"], "categorical": ["legs"]])
    #expect(
      data.fields == [
        .init(name: "size", role: TY_ROLE_FEATURE, type: "f64"),
        .init(name: "legs", role: TY_ROLE_FEATURE, type: "i32", categoryCount: 2, categories: ["2", "4"]),
        .init(
          name: "colour", role: TY_ROLE_FEATURE, type: "i32", categoryCount: 2, categories: ["blue", "red"]),
        .init(name: "twice", role: TY_ROLE_FEATURE, type: "f64"),
        .init(name: "kind", role: TY_ROLE_TARGET, type: "i32", categoryCount: 2, categories: ["dog", "owl"]),
        .init(name: "w", role: TY_ROLE_WEIGHT, type: "f64"),
        .init(name: "farm", role: TY_ROLE_GROUP, type: "i64"),
        .init(name: "name", role: TY_ROLE_ID, type: "i32", categoryCount: 3, categories: ["a", "b", "c"]),
      ])
    let sizes = try values(data, "size")
    #expect(sizes[..<2] == [-2, 1.5])
    #expect(sizes[2].isNaN)
    #expect(try values(data, "legs") == [0, 1, 1])
    #expect(try values(data, "colour") == [-1, 1, 0])
    #expect(try values(data, "twice") == [4, 8, 8])
    #expect(try values(data, "kind") == [1, 0, 0])
    #expect(try values(data, "w") == [0.5, 1, 2])
    #expect(try values(data, "farm") == [7, 7, 8])
    #expect(try data.read("kind", rows: [2, 0]) == [0, 1])
    try data.reset()
    #expect(try values(data, "kind") == [1, 0, 0])
  }

  @Test func `a column of missing values only is one of numbers`() throws {
    let data = try probe("CREATE TABLE t(a, b); INSERT INTO t VALUES (NULL, 1), (NULL, 2)")
    #expect(data.fields.map(\.type) == ["f64", "f64"])
    #expect(try values(data, "a").allSatisfy(\.isNaN))
  }

  @Test func `values decide what a column is, from the first that is not missing`() throws {
    let data = try probe("CREATE TABLE t(a, b); INSERT INTO t VALUES (NULL, 1), ('x', 2), (NULL, 3)")
    #expect(data.fields[0].categories == ["x"])
    #expect(try values(data, "a") == [-1, 0, -1])
  }

  @Test func `keys are whole numbers, or names`() throws {
    let rows = "CREATE TABLE t(a, k); INSERT INTO t VALUES (1, 10), (2, 9)"
    let numbers = try probe(rows, more(["id": ["k"]]))
    #expect(try values(numbers, "k") == [10, 9])
    let names = try probe(rows + "; INSERT INTO t VALUES (3, 'x'), (4, NULL)", more(["id": ["k"]]))
    #expect(names.fields[1].categories == ["10", "9", "x"])
    #expect(try values(names, "k") == [0, 1, 2, -1])
  }

  private func more(_ options: [String: [String]]) -> [String: [String]] { options }

  private func probe(_ statements: String, _ more: [String: [String]]) throws -> DatasetProbe {
    try probe(statements, "SELECT * FROM t", more)
  }

  @Test func `a target is a number or a category`() throws {
    let rows = "CREATE TABLE t(a, y); INSERT INTO t VALUES (1, 0), (2, 1)"
    #expect(try probe(rows, ["target": ["y"]]).fields[1].type == "f64")
    #expect(
      try probe(rows, ["target": ["y"], "target_type": ["category"]]).fields[1].categories == ["0", "1"])
    expect(
      try refusal(rows + "; INSERT INTO t VALUES (3, 'x')", "SELECT * FROM t", ["target": ["y"]]),
      has: [
        "column 'y' has the text 'x', and others in it are numbers in row 2 of the query on",
        "CAST(y AS REAL)",
      ])
  }

  @Test func `data to predict for have no target, or gaps in it`() throws {
    let rows = "CREATE TABLE t(a, y); INSERT INTO t VALUES (1, 'p'), (2, NULL)"
    let optional = ["target": ["y"], "target_optional": ["true"]]
    #expect(try probe(rows, optional).fields.map(\.name) == ["a"])
    #expect(try probe(rows, "SELECT a FROM t", optional).fields.map(\.name) == ["a"])
    #expect(try probe(rows, "SELECT * FROM t WHERE y NOTNULL", optional).fields.map(\.name) == ["a", "y"])
    expect(
      try refusal(rows, "SELECT * FROM t", ["target": ["y"]]),
      has: ["the target is missing in row 1", "column 'y' is NULL", "WHERE y IS NOT NULL"])
    for role in ["weight", "group"] {
      expect(try refusal(rows, "SELECT * FROM t", [role: ["y"]]), has: ["column 'y'"])
    }
  }

  static let bad: [(statements: String, query: String, options: [String: [String]], words: [String])] = [
    (animals, "SELECT * FROM animals", [:], ["`query` cannot be used on", "no such table: animals"]),
    (animals, "SELEC", [:], ["syntax error"]),
    (animals, "", [:], ["`query` gives no rows"]),
    (animals, "DELETE FROM t", [:], ["`query` gives no rows", "write a SELECT"]),
    (animals, "INSERT INTO t(size) VALUES (1) RETURNING size", [:], ["`query` gives no rows"]),
    (animals, "SELECT size FROM t; DROP TABLE t", [:], ["`query` has more than one statement"]),
    (animals, "SELECT size, w AS size FROM t", [:], ["columns 1 and 2 of the query are both named 'size'"]),
    (animals, "SELECT size FROM t", ["target": ["sise"]], ["did you mean 'size'?"]),
    (animals, "SELECT size FROM t", ["target": ["size"]], ["has no column to learn from"]),
    (animals, "SELECT x'00' AS b FROM t", [:], ["column 'b' has a blob in row 0"]),
    (animals, "SELECT 1e999 AS b FROM t", [:], ["column 'b' has inf in row 0"]),
    (animals, "SELECT CAST(x'ff' AS TEXT) AS b FROM t", [:], ["a text that is not UTF-8 in row 0"]),
    (animals, "SELECT size, kind FROM t", ["weight": ["kind"]], ["column 'kind' has the text 'dog'"]),
    (
      "CREATE TABLE t(a, b); INSERT INTO t VALUES ('x', 1), (2, 1)", "SELECT * FROM t", [:],
      ["column 'a' has the number 2.0, and others in it are texts in row 1", "CAST(a AS TEXT)"]
    ),
  ]

  @Test(arguments: bad.indices)
  func `what cannot be used`(_ index: Int) throws {
    let row = Self.bad[index]
    expect(try refusal(row.statements, row.query, row.options), has: row.words)
  }

  @Test func `files that are no database`() throws {
    let path = try folder.write("text", [UInt8](repeating: 65, count: 4096))
    expect(
      PluginTests.refusal(of: "sqlite", ["file": [path], "query": ["SELECT * FROM t"]]),
      has: ["text': file is not a database", "help: give a file that SQLite 3 wrote"])
    expect(
      PluginTests.refusal(of: "sqlite", ["file": ["/no/such.db"], "query": ["SELECT * FROM t"]]),
      has: ["cannot open '/no/such.db': No such file"])
  }

  @Test func `the database is not changed`() throws {
    let path = try database(Self.animals)
    let before = try readFile(path)
    _ = try DatasetProbe("sqlite", ["file": [path], "query": ["SELECT size FROM t"]])
    #expect(try readFile(path) == before)
    #expect(try Shell.check(["ls", folder.path]).output == "data.db\n")
  }
}
