/// A formula over metrics, such as `val_loss - loss` or `ema(val_loss, 0.9)`: parsed once, evaluated at the end of each
/// epoch by an `ExpressionEvaluator`.
///
///     numbers, names of metrics ('in-quotes' where they have other characters than letters, digits, '_' and '.')
///     + - * / ^     < <= > >= == !=  (1 or 0)     ( )
///     min(a, b, …)  max(a, b, …)  abs(x)  log(x)  exp(x)  sqrt(x)  clip(x, low, high)
///     ema(x, d)        d·before + (1 − d)·x, from x itself in the first epoch
///     best(metric)     the best so far, by the metric's direction; best(x, min) and best(x, max) for anything else
///     previous(x)      the value before this one; previous(x, v): v in the first epoch
///
/// Where a metric is absent in an epoch, what is made of it is absent too, and what remembers does not notice.
public struct Expression: Hashable, Sendable {
  public let text: String
  /// The metrics that it reads, each once, with where they are first named: in characters, from 0.
  public let names: [Name]
  let root: Node
  /// How many values it remembers.
  let slotCount: Int

  public struct Name: Hashable, Sendable {
    public var name: String
    public var offset: Int
  }

  public init(_ text: String) throws(ExpressionError) {
    var parser = try ExpressionParser(text)
    root = try parser.parse()
    names = parser.names
    slotCount = parser.slotCount
    self.text = text
  }

  /// Metrics whose direction decides what is best.
  var namesNeedingDirection: [Name] {
    var found: [Int] = []
    root.visit { node in
      if case .best(_, .of(let name), _) = node { found.append(name) }
    }
    return found.map { names[$0] }
  }

  indirect enum Node: Hashable, Sendable {
    case number(Double)
    /// By its place in `names`.
    case metric(Int)
    case negative(Node)
    case binary(Operator, Node, Node)
    case function(Function, [Node])
    case ema(Node, decay: Double, slot: Int)
    case previous(Node, first: Double?, slot: Int)
    case best(Node, Better, slot: Int)

    func visit(_ body: (Node) -> Void) {
      body(self)
      switch self {
      case .number, .metric: break
      case .negative(let node), .ema(let node, _, _), .previous(let node, _, _), .best(let node, _, _):
        node.visit(body)
      case .binary(_, let left, let right):
        left.visit(body)
        right.visit(body)
      case .function(_, let nodes): for node in nodes { node.visit(body) }
      }
    }
  }

  enum Operator: String, Hashable, Sendable {
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divided = "/"
    case power = "^"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case equal = "=="
    case unequal = "!="
  }

  /// Functions without memory.
  enum Function: String, CaseIterable, Hashable, Sendable {
    case min, max, abs, log, exp, sqrt, clip

    var argumentCounts: ClosedRange<Int> {
      switch self {
      case .min, .max: 2...16
      case .abs, .log, .exp, .sqrt: 1...1
      case .clip: 3...3
      }
    }
  }

  enum Better: Hashable, Sendable {
    /// As the metric says of itself in the run.
    case of(Int)
    case min, max
  }
}

/// What is wrong with a formula, and where.
public struct ExpressionError: Error, Hashable, Sendable {
  public var message: String
  /// In characters (Unicode scalars) of the text, from 0.
  public var offset: Int
  public var help: String

  init(_ message: String, at offset: Int, help: String = "") {
    self.message = message
    self.offset = offset
    self.help = help
  }
}
