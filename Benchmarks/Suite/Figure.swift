import Trainyard

/// What was measured for one line: its value, and what the value was made of.
struct Figure {
  let name: String
  let value: Double
  /// The value of each round.
  var rounds: [Double] = []
  /// What it is a ratio or difference of, with units in the names.
  var parts: [(name: String, value: Double)] = []

  /// The median over the rounds of a value of each.
  init(_ name: String, rounds: [Double], parts: [(String, Double)] = []) {
    self.name = name
    self.rounds = rounds
    self.parts = parts.map { (name: $0.0, value: $0.1) }
    value = Rounds.median(rounds)
  }

  init(_ name: String, _ value: Double, parts: [(String, Double)] = []) {
    self.init(name, rounds: [value], parts: parts)
  }

  /// One line of `bench.jsonl`.
  func json(on machine: Machine) -> JSONValue {
    let line = Line.named(name)
    return .object([
      .init("name", .string(name)), .init("value", .double(value)),
      .init("unit", .string(line?.unit ?? "")),
      .init("goal", (line?.goal).map { .string($0.text) } ?? .null),
      .init("reached", (line?.goal).map { .bool($0.isReached(by: value)) } ?? .null),
      .init("lowest", .double(rounds.min() ?? value)), .init("highest", .double(rounds.max() ?? value)),
      .init("rounds", .int(Int64(rounds.count))),
      .init("parts", .object(parts.map { .init($0.name, .double($0.value)) })),
      .init("machine", .string(machine.text)), .init("load", .double(machine.load)),
    ])
  }
}
