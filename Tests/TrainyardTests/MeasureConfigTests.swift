import ForeignCalls
import Testing

@testable import Trainyard

@Suite struct MeasureConfigTests {
  func read(_ monitors: String) throws -> PipelineConfig {
    let text = "data: {train: synthetic}\nmodel: mlp\nmonitors:\n" + monitors
    return try PipelineConfig.read(ConfigReader.read(text: text, file: "p.yaml"), baseFolder: "/base")
  }

  static let both = """
    - {name: gap, expression: val_loss - brier}
    - accuracy
    - {name: brier, library: ./libbrier.so, symbol: brier, returns: f64, direction: min, when: batch,
       pass: train, args: [{bind: prediction, as: "*f32"}, {bind: target, as: "*f32"}, {bind: count, as: usize}]}
    """

  @Test func `functions and expressions are read, and each comes after what it reads`() throws {
    let config = try read(Self.both)
    #expect(config.monitors.map(\.knownName) == ["accuracy"])
    #expect(config.measures.map(\.name) == ["brier", "gap"])
    guard case .function(let function) = config.measures[0].content else {
      return _ = Issue.record("no function")
    }
    #expect(function.signature.library == "/base/libbrier.so" && function.signature.symbol == "brier")
    #expect(function.when == .batch && function.passes == .train && config.measures[0].direction == .min)
    #expect(
      function.signature.arguments == [
        ForeignArgument(.pointer(.f32, isConst: false), .data(.prediction)),
        ForeignArgument(.pointer(.f32, isConst: false), .data(.target)),
        ForeignArgument(.scalar(.usize), .quantity(.count)),
      ])
    #expect(config.measures[1].place == "monitors[0]")
  }

  @Test func `a resolved config with measures reads back the same`() throws {
    let resolved = try read(Self.both).resolved()
    #expect(resolved["monitors"]?.elements.count == 3)
    let text = JSONWriter.pretty(JSONValue(resolved))
    #expect(
      try PipelineConfig.read(ConfigReader.read(text: text, file: "p.json"), baseFolder: "/x").resolved()
        == resolved)
  }

  @Test func `a name without a slash is the system's to find`() throws {
    let config = try read("- {name: d, library: libm.so.6, symbol: hypot, returns: f64}")
    guard case .function(let function) = config.measures[0].content else {
      return _ = Issue.record("no function")
    }
    #expect(function.signature.library == "libm.so.6" && function.isOfTheEpoch && function.when == .epoch)
  }

  static let refused: [(monitors: String, message: String, position: String)] = [
    (
      "- {name: f, library: x, symbol: f, returns: void, args: [{out: a, as: \"*f64\"}, {out: a, as: \"*f64\"}]}",
      "another argument gives the metric 'a' already", "p.yaml:4:80"
    ),
    (
      "- {name: f, library: x, symbol: f, returns: f64, args: [{out: f, as: \"*f64\"}]}",
      "the monitor itself gives the metric 'f' already", "p.yaml:4:57"
    ),
    (
      "- {name: a, expression: b}\n- {name: b, expression: 2 * a}", "'a', which needs 'b', which needs 'a'",
      "p.yaml:5:29"
    ),
    ("- {name: a, expression: previous(a)}", "a monitor needs itself: 'a', which needs 'a'", "p.yaml:4:34"),
    ("- {name: a, expression: \"b + ema(c)\"}", "character 5: 'ema' takes a decay", "p.yaml:4:30"),
    (
      "- {name: a, expression: \"b + clip(c, 1, 0.5)\"}", "character 5: 'clip' with a low end", "p.yaml:4:30"
    ),
    ("- {name: val_loss, expression: loss}", "'val_loss' is the metric of the loop itself", "p.yaml:4:10"),
    (
      "- {name: a, expression: loss}\n- {name: a, expression: loss}", "two instances are named 'a'",
      "p.yaml:5:3"
    ),
    ("- {name: accuracy, expression: loss}\n- accuracy", "two instances are named 'accuracy'", "p.yaml:4:3"),
    ("- {name: a b, expression: loss}", "'a b' cannot be the name of a metric", "p.yaml:4:10"),
    ("- {name: f, library: x, symbol: f, returns: double}", "there is no type 'double'", "p.yaml:4:45"),
    ("- {name: f, library: x, symbol: f, returns: void}", "gives no metric", "p.yaml:4:45"),
    (
      "- {name: f, library: x, symbol: f, returns: \"*f64\"}", "is a pointer, and a metric is a number",
      "p.yaml:4:45"
    ),
    (
      "- {name: f, library: x, symbol: f, returns: f64, args: [{bind: 1, as: i32}, {bind: target, as: f32}]}",
      "'target' is an array", "p.yaml:4:77"
    ),
    (
      "- {name: f, library: x, symbol: f, returns: f64, when: batch}",
      "'when: batch' needs data of the batch", "p.yaml:4:56"
    ),
    (
      "- {name: f, library: x, symbol: f, returns: f64, when: batch, args: [{bind: count, as: i32}, {bind: loss, as: f64}]}",
      "'loss' is not there yet when a batch is measured", "p.yaml:4:69"
    ),
    (
      "- {name: f, library: x, symbol: f, returns: f64, args: 3}", "'args' of 'monitors[0]' must be a list",
      "p.yaml:4:56"
    ),
  ]

  @Test(arguments: refused)
  func `what is wrong with a measure is told at its place`(
    monitors: String, message: String, position: String
  ) throws {
    let problems = try #require(throws: ConfigProblems.self) { try read(monitors) }.problems
    #expect(problems.count == 1 && problems[0].message.contains(message), "\(problems)")
    #expect(problems.first?.position?.description == position, "\(problems)")
  }
}
