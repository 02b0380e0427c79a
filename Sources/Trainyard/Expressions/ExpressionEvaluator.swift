import Glibc

/// Evaluates a formula epoch after epoch, and remembers what it must.
package struct ExpressionEvaluator {
  let expression: Expression
  /// What the run has shown so far, by slot; `nil`: nothing yet.
  private(set) var memory: [Double?]
  /// For each name whether it improves upwards; asked for by `best` only.
  var rises: [Bool]

  package init(_ expression: Expression) {
    self.expression = expression
    memory = Array(repeating: nil, count: expression.slotCount)
    rises = Array(repeating: false, count: expression.names.count)
  }

  /// As new.
  mutating func reset() { memory = Array(repeating: nil, count: expression.slotCount) }

  mutating func restore(_ memory: [Double?]) {
    if memory.count == self.memory.count { self.memory = memory }
  }

  /// The value of an epoch; `nil` where something that it needs is absent.
  /// - Parameter metric: The value of a name, by its place in `expression.names`.
  package mutating func evaluate(_ metric: (Int) -> Double?) -> Double? { value(expression.root, metric) }

  // Both sides are always evaluated: what remembers must see every epoch, whatever the rest makes of it.
  private mutating func value(_ node: Expression.Node, _ metric: (Int) -> Double?) -> Double? {
    switch node {
    case .number(let value): return value
    case .metric(let name): return metric(name)
    case .negative(let node): return value(node, metric).map { -$0 }
    case .binary(let operation, let left, let right):
      let (left, right) = (value(left, metric), value(right, metric))
      guard let left, let right else { return nil }
      return Self.apply(operation, left, right)
    case .function(let function, let nodes):
      var values: [Double?] = []
      for node in nodes { values.append(value(node, metric)) }
      let present = values.compactMap { $0 }
      return present.count == values.count ? Self.apply(function, present) : nil
    case .ema(let node, let decay, let slot):
      guard let value = value(node, metric) else { return nil }
      let mean = memory[slot].map { decay * $0 + (1 - decay) * value } ?? value
      memory[slot] = mean
      return mean
    case .previous(let node, let first, let slot):
      guard let value = value(node, metric) else { return nil }
      defer { memory[slot] = value }
      return memory[slot] ?? first
    case .best(let node, let better, let slot):
      guard let value = value(node, metric) else { return nil }
      memory[slot] = Self.best(memory[slot], value, rises: rises(better))
      return memory[slot]
    }
  }

  private func rises(_ better: Expression.Better) -> Bool {
    switch better {
    case .of(let name): rises[name]
    case .min: false
    case .max: true
    }
  }

  /// NaN is never best, unless there is nothing else.
  private static func best(_ old: Double?, _ new: Double, rises: Bool) -> Double {
    guard let old, !old.isNaN else { return new }
    return (rises ? new > old : new < old) ? new : old
  }

  private static func apply(_ operation: Expression.Operator, _ left: Double, _ right: Double) -> Double {
    switch operation {
    case .plus: left + right
    case .minus: left - right
    case .times: left * right
    case .divided: left / right
    case .power: pow(left, right)
    case .less: left < right ? 1 : 0
    case .lessOrEqual: left <= right ? 1 : 0
    case .greater: left > right ? 1 : 0
    case .greaterOrEqual: left >= right ? 1 : 0
    case .equal: left == right ? 1 : 0
    case .unequal: left != right ? 1 : 0
    }
  }

  private static func apply(_ function: Expression.Function, _ values: [Double]) -> Double {
    switch function {
    case .min: values.contains { $0.isNaN } ? .nan : values.min() ?? .nan
    case .max: values.contains { $0.isNaN } ? .nan : values.max() ?? .nan
    case .abs: Swift.abs(values[0])
    case .log: Glibc.log(values[0])
    case .exp: Glibc.exp(values[0])
    case .sqrt: values[0].squareRoot()
    case .clip:
      values.contains { $0.isNaN } ? .nan : Swift.min(Swift.max(values[0], values[1]), values[2])
    }
  }
}
