/// Reads a formula by recursive descent, each level of precedence a function: comparison, sum, product, sign, power,
/// operand. Bounded in depth, so that no text can exhaust the stack.
struct ExpressionParser {
  private(set) var names: [Expression.Name] = []
  private(set) var slotCount = 0
  private var lexer: ExpressionLexer
  private var token = ExpressionLexer.Token.end
  private var offset = 0
  private var depth = 0
  private static let deepest = 50

  private typealias Node = Expression.Node

  init(_ text: String) throws(ExpressionError) {
    lexer = try ExpressionLexer(text)
    try advance()
  }

  mutating func parse() throws(ExpressionError) -> Expression.Node {
    if token == .end {
      throw ExpressionError("an empty expression", at: 0, help: "write one such as val_loss - loss")
    }
    let node = try comparison()
    guard token == .end else {
      throw ExpressionError(
        "\(token.shown) is not expected here", at: offset,
        help: "an operator such as '+' or the end was expected")
    }
    return node
  }

  // MARK: Levels of precedence

  private mutating func comparison() throws(ExpressionError) -> Node {
    let left = try sum()
    guard let comparison = take(.less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .unequal) else {
      return left
    }
    try advance()
    return .binary(comparison, left, try sum())
  }

  private mutating func sum() throws(ExpressionError) -> Node {
    var left = try product()
    while let sign = take(.plus, .minus) {
      try advance()
      left = .binary(sign, left, try product())
    }
    return left
  }

  private mutating func product() throws(ExpressionError) -> Node {
    var left = try sign()
    while let sign = take(.times, .divided) {
      try advance()
      left = .binary(sign, left, try self.sign())
    }
    return left
  }

  /// Every way deeper leads through here.
  private mutating func sign() throws(ExpressionError) -> Node {
    try deeper()
    defer { depth -= 1 }
    guard let sign = take(.plus, .minus) else { return try power() }
    try advance()
    let node = try self.sign()
    guard sign == .minus else { return node }
    if case .number(let value) = node { return .number(-value) }
    return .negative(node)
  }

  /// To the right: 2^3^2 is 2^9. And −2^2 is −4.
  private mutating func power() throws(ExpressionError) -> Node {
    let base = try operand()
    guard take(.power) != nil else { return base }
    try advance()
    return .binary(.power, base, try sign())
  }

  private mutating func operand() throws(ExpressionError) -> Node {
    let start = offset
    switch token {
    case .number(let value):
      try advance()
      return .number(value)
    case .name(let name):
      try advance()
      if token == .symbol("(") { return try call(name, at: start) }
      return metric(name, at: start)
    case .symbol("("):
      try advance()
      let node = try comparison()
      try close()
      return node
    default:
      throw ExpressionError(
        "\(token.shown) where a number or a metric was expected", at: offset,
        help: token == .end ? Self.inQuotes : "write a number, the name of a metric, or '('")
    }
  }

  // MARK: Functions

  private static let remembering = ["ema", "best", "previous"]

  private mutating func call(_ name: String, at start: Int) throws(ExpressionError) -> Node {
    try advance()
    let function = Expression.Function(rawValue: name)
    guard function != nil || Self.remembering.contains(name) else {
      let known = Expression.Function.allCases.map(\.rawValue) + Self.remembering
      throw ExpressionError(
        "there is no function '\(name.shownInMessages)'", at: start,
        help: NearestName.help(for: name, among: known, listed: "functions"))
    }
    guard let function else { return try remembering(name, at: start) }
    var arguments = [try comparison()]
    while token == .symbol(",") {
      try advance()
      arguments.append(try comparison())
    }
    try close()
    guard function.argumentCounts.contains(arguments.count) else {
      let counts = function.argumentCounts
      let expected =
        counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
      throw ExpressionError(
        "'\(name)' takes \(expected) arguments, not \(arguments.count)", at: start,
        help: function == .clip ? "write clip(x, low, high)" : "write \(name)(…) with as many")
    }
    if function == .clip, case .number(let low) = arguments[1], case .number(let high) = arguments[2],
      low > high
    {
      throw ExpressionError(
        "'clip' with a low end of \(low) above its high end of \(high)", at: start,
        help: "write clip(x, low, high)")
    }
    return .function(function, arguments)
  }

  /// The functions that remember something from epoch to epoch.
  private mutating func remembering(_ name: String, at start: Int) throws(ExpressionError) -> Node {
    let slot = slotCount
    slotCount += 1
    let argument = try comparison()
    let secondStart = token == .symbol(",") ? offset : start
    var second: Node?
    var secondName: String?
    if token == .symbol(",") {
      try advance()
      if case .name(let word) = token, word == "min" || word == "max", name == "best" {
        secondName = word
        try advance()
      } else {
        second = try comparison()
      }
    }
    try close()
    switch (name, second, secondName) {
    case ("ema", .number(let decay)?, _) where decay >= 0 && decay < 1:
      return .ema(argument, decay: decay, slot: slot)
    case ("ema", _, _):
      throw ExpressionError(
        "'ema' takes a decay of at least 0 and below 1, as a number", at: secondStart,
        help: "write ema(x, 0.9)")
    case ("previous", nil, _): return .previous(argument, first: nil, slot: slot)
    case ("previous", .number(let first)?, _): return .previous(argument, first: first, slot: slot)
    case ("previous", _, _):
      throw ExpressionError(
        "the first value of 'previous' must be a number", at: secondStart, help: "write previous(x, 0)")
    case ("best", nil, "min"): return .best(argument, .min, slot: slot)
    case ("best", nil, "max"): return .best(argument, .max, slot: slot)
    case ("best", nil, _):
      if case .metric(let name) = argument { return .best(argument, .of(name), slot: slot) }
      throw ExpressionError(
        "'best' cannot tell whether this should rise or fall", at: start,
        help: "write best(…, min) or best(…, max)")
    default:
      throw ExpressionError(
        "the second argument of 'best' must be min or max", at: secondStart, help: "write best(x, min)")
    }
  }

  private mutating func metric(_ name: String, at start: Int) -> Node {
    if let known = names.firstIndex(where: { $0.name == name }) { return .metric(known) }
    names.append(Expression.Name(name: name, offset: start))
    return .metric(names.count - 1)
  }

  // MARK: Words

  private static let inQuotes = "in YAML a ',' inside {…} ends a value: put the expression in quotes"

  private mutating func advance() throws(ExpressionError) { (token, offset) = try lexer.next() }

  private mutating func close() throws(ExpressionError) {
    guard token == .symbol(")") else {
      throw ExpressionError(
        "\(token.shown) where ')' was expected", at: offset,
        help: token == .end ? Self.inQuotes : "close the '('")
    }
    try advance()
  }

  /// The operator that stands here, if it is one of these.
  private func take(_ operators: Expression.Operator...) -> Expression.Operator? {
    guard case .symbol(let symbol) = token, let found = Expression.Operator(rawValue: symbol) else {
      return nil
    }
    return operators.contains(found) ? found : nil
  }

  private mutating func deeper() throws(ExpressionError) {
    depth += 1
    guard depth <= Self.deepest else {
      throw ExpressionError(
        "nested more than \(Self.deepest) deep", at: offset, help: "give a part of it a name of its own")
    }
  }
}
