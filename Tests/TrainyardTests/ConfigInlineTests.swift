import Testing

@testable import Trainyard

@Suite struct ConfigInlineTests {
  static let specs: [(text: String, plugin: String, options: ConfigNode)] = [
    ("accuracy", "accuracy", [:]),
    ("mlp:hidden=128", "mlp", ["hidden": 128]),
    (
      "mlp:hidden=[128, 64],lr=1e-3,opt=adam,deep={a: [1, 2], b: x}", "mlp",
      ["hidden": [128, 64], "lr": 0.001, "opt": "adam", "deep": ["a": [1, 2], "b": "x"]]
    ),
    ("a:x='b, c',y=\"]\\\",\",z=it's", "a", ["x": "b, c", "y": "]\",", "z": "it's"]),
    ("a:x=it's,y=2", "a", ["x": "it's", "y": 2]),
    ("a:x='it''s, so'", "a", ["x": "it's, so"]),
    ("a: x = 1 , y = two words", "a", ["x": 1, "y": "two words"]),
    ("a:x=,y=''", "a", ["x": .null, "y": ""]),
    ("a:url=http://h:80/x?y=z", "a", ["url": "http://h:80/x?y=z"]),
    ("./libx.so", "./libx.so", [:]),
    ("./libx.so:patience=3", "./libx.so", ["patience": 3]),
    ("/a:b/libx.so:file=/c:d/e", "/a:b/libx.so", ["file": "/c:d/e"]),
    ("../a:b/libx.so", "../a:b/libx.so", [:]),
  ]

  @Test(arguments: specs)
  func `a plugin is written as id, colon and options`(text: String, plugin: String, options: ConfigNode)
    throws
  {
    let spec = try ConfigNode.parseInline(text, from: "--model")
    #expect(spec.plugin == plugin)
    #expect(spec.options == options)
  }

  @Test func `a node of it is what a file would hold`() throws {
    let spec = try ConfigNode.parseInline("early-stopping:patience=3", from: "--callback")
    #expect(spec.node() == ["plugin": "early-stopping", "patience": 3])
    #expect(spec.node(pluginKey: "dataset") == ["dataset": "early-stopping", "patience": 3])
    #expect(spec.options["patience"]?.position.description == "--callback, character 25")
    #expect(spec.options.entries.first?.keyPosition.description == "--callback, character 16")
  }

  static let refused: [(text: String, code: ConfigProblem.Code, at: String)] = [
    ("", .syntax, "--model, character 1"),
    (":a=1", .syntax, "--model, character 1"),
    ("mlp:", .syntax, "--model, character 5"),
    ("mlp:hidden", .syntax, "--model, character 5"),
    ("mlp:a=1,", .syntax, "--model, character 9"),
    ("mlp:a=1,,b=2", .syntax, "--model, character 9"),
    ("mlp:=1", .syntax, "--model, character 5"),
    ("mlp:a b=1", .syntax, "--model, character 5"),
    ("mlp:é=1", .syntax, "--model, character 5"),
    ("mlp:a=[1,2", .syntax, "--model, character 12"),
    ("mlp:a=1]#", .syntax, "--model, character 8"),
    ("mlp:a=1]", .syntax, "--model, character 8"),
    ("mlp:a='x", .syntax, "--model, character 10"),
    ("mlp:a=*x", .unknownAlias, "--model, character 7"),
    ("mlp:a=!x 1", .tag, "--model, character 7"),
    ("mlp:a=1,a=2", .duplicateKey, "--model, character 9"),
    ("./libx.so:patience", .syntax, "--model, character 11"),
  ]

  @Test(arguments: refused)
  func `what is not written so is refused with its place`(text: String, code: ConfigProblem.Code, at: String)
    throws
  {
    let problems = try #require(configProblems { _ = try ConfigNode.parseInline(text, from: "--model") })
    #expect(problems.map(\.code) == [code])
    #expect(problems.first?.position?.description == at)
  }

  @Test func `several problems come out together`() throws {
    let problems = try #require(
      configProblems { _ = try ConfigNode.parseInline("mlp:a,b=*x,c=1", from: "--model") })
    #expect(problems.count == 2)
    #expect(
      problems.first?.rendered == """
        error: expected key=value, found 'a'
          where: --model, character 5
          help:  options are key=value with commas between them; put quotes around a value that has a comma
        """)
  }
}
