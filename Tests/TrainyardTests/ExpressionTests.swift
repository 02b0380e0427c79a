import Testing

@testable import Trainyard

@Suite struct ExpressionTests {
  /// The values of an expression over epochs; `nil`: a metric is absent.
  func values(_ text: String, _ epochs: [[String: Double]], rises: Set<String> = []) throws -> [Double?] {
    let expression = try Expression(text)
    var evaluator = ExpressionEvaluator(expression)
    evaluator.rises = expression.names.map { rises.contains($0.name) }
    return epochs.map { metrics in evaluator.evaluate { metrics[expression.names[$0].name] } }
  }

  static let formulas: [(text: String, value: Double)] = [
    ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("8 / 4 / 2", 1), ("7 - 2 - 1", 4), ("-2 ^ 2", -4),
    ("2 ^ 3 ^ 2", 512),
    ("2 ^ -1", 0.5), ("--3", 3), ("1.5e1", 15), (".5", 0.5), ("1 < 2", 1), ("1 >= 2", 0), ("1 + 1 == 2", 1),
    ("1 != 1", 0), ("min(3, 1, 2)", 1), ("max(3, 1)", 3), ("abs(-3)", 3), ("sqrt(9)", 3), ("log(exp(2))", 2),
    ("clip(5, 0, 1)", 1), ("clip(-5, 0, 1)", 0), ("clip(0.5, 0, 1)", 0.5), ("a - b", 3), ("'b' * \"a\"", 10),
    ("`top-5`", 0.75), ("val_a.x", 6),
  ]

  @Test(arguments: formulas)
  func `a formula is worth what algebra says`(text: String, value: Double) throws {
    let metrics = ["a": 5, "b": 2, "top-5": 0.75, "val_a.x": 6.0]
    let found = try #require(try values(text, [metrics])[0])
    #expect(abs(found - value) < 1e-15)
  }

  @Test func `what remembers sees every epoch that has its metric, and no other`() throws {
    let epochs: [[String: Double]] = [["x": 4], ["x": 2], [:], ["x": 3]]
    #expect(try values("ema(x, 0.5)", epochs) == [4, 3, nil, 3])
    #expect(try values("previous(x)", epochs) == [nil, 4, nil, 2])
    #expect(try values("previous(x, -1)", epochs) == [-1, 4, nil, 2])
    #expect(try values("best(x)", epochs) == [4, 2, nil, 2])
    #expect(try values("best(x)", epochs, rises: ["x"]) == [4, 4, nil, 4])
    #expect(try values("best(-x, max)", epochs) == [-4, -2, nil, -2])
    #expect(try values("best(x, max) - x", epochs) == [0, 2, nil, 1])
  }

  @Test func `a part that is absent hides nothing from the others' memory`() throws {
    let epochs: [[String: Double]] = [["x": 1], ["x": 2, "y": 0], ["x": 3, "y": 0]]
    #expect(try values("y + previous(x)", epochs) == [nil, 1, 2])
  }

  @Test func `NaN is a value, and never the best`() throws {
    let epochs: [[String: Double]] = [["x": .nan], ["x": 2], ["x": .nan]]
    let best = try values("best(x)", epochs)
    #expect(best[0]?.isNaN == true && best[1] == 2 && best[2] == 2)
    #expect(try values("max(x, 1)", epochs)[0]?.isNaN == true)
    #expect(try values("x < 1", epochs)[0] == 0)
  }

  @Test func `after a reset it is as new`() throws {
    let expression = try Expression("ema(x, 0.9) + best(x, min) + previous(x, 0)")
    var used = ExpressionEvaluator(expression)
    for value in [5.0, 1, 7] { _ = used.evaluate { _ in value } }
    used.reset()
    var new = ExpressionEvaluator(expression)
    for value in [2.0, 3, 1] { #expect(used.evaluate { _ in value } == new.evaluate { _ in value }) }
  }

  static let refused: [(text: String, offset: Int, message: String, help: String)] = [
    ("", 0, "an empty expression", ""),
    ("a -", 3, "the end where a number", ""),
    ("a b", 2, "'b' is not expected here", "operator"),
    ("(a", 2, "the end where ')'", "quotes"),
    ("a $ b", 2, "'$' means nothing here", ""),
    ("a = b", 2, "'=' means nothing here", "'=='"),
    ("1 < 2 < 3", 6, "'<' is not expected here", ""),
    ("1.2.3", 0, "'1.2.3' is no number", ""),
    ("'a", 0, "without an end", ""),
    ("sqr(a)", 0, "there is no function 'sqr'", "did you mean 'sqrt'?"),
    ("1 + abs(a, b)", 4, "'abs' takes 1 arguments, not 2", ""),
    ("clip(a, 0)", 0, "'clip' takes 3 arguments, not 2", "clip(x, low, high)"),
    ("min(a)", 0, "'min' takes 2 to 16 arguments", ""),
    ("ema(a)", 0, "a decay of at least 0 and below 1", "ema(x, 0.9)"),
    ("ema(a, 1)", 5, "a decay of at least 0 and below 1", ""),
    ("ema(a, b)", 5, "a decay of at least 0 and below 1", ""),
    ("previous(a, b)", 10, "must be a number", ""),
    ("best(a - b)", 0, "cannot tell whether this should rise or fall", "best(…, min)"),
    ("best(a, up)", 6, "must be min or max", ""),
    (String(repeating: "(", count: 60) + "a", 50, "nested more than", ""),
    (String(repeating: "1+", count: 1001) + "1", 0, "characters, and 2000 is the most", ""),
  ]

  @Test(arguments: refused)
  func `a formula that cannot be read is refused at its place`(
    text: String, offset: Int, message: String, help: String
  ) throws {
    let error = try #require(throws: ExpressionError.self) { try Expression(text) }
    #expect(error.message.contains(message), "\(error)")
    #expect(error.offset == offset, "\(error)")
    #expect(help.isEmpty || error.help.contains(help), "\(error)")
  }

  @Test func `names are found once each, with their place`() throws {
    let names = try Expression("val_loss - loss / val_loss").names
    #expect(names.map(\.name) == ["val_loss", "loss"])
    #expect(names.map(\.offset) == [0, 11])
  }
}
