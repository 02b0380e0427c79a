/// Medians over rounds in which all sides take turns, so that what slows the machine down for a while slows all.
enum Rounds {
  /// Runs each body once per round, in an order that turns; gives each body's values.
  static func alternate(_ count: Int, _ bodies: [() throws -> Double]) throws -> [[Double]] {
    var values = bodies.map { _ in [Double]() }
    for round in 0..<count {
      for step in bodies.indices {
        let index = (step + round) % bodies.count
        values[index].append(try bodies[index]())
      }
    }
    return values
  }

  /// The least that each of two takes, called in turns: what a machine adds is never negative, and the least of many has
  /// hardly any of it.
  static func least(
    of count: Int, _ first: () throws -> Double, _ second: () throws -> Double
  ) throws -> (Double, Double) {
    var least = (Double.infinity, Double.infinity)
    for turn in 0..<count {
      if turn.isMultiple(of: 2) { least.0 = min(least.0, try first()) }
      least.1 = min(least.1, try second())
      if !turn.isMultiple(of: 2) { least.0 = min(least.0, try first()) }
    }
    return least
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}

/// Ratio and difference of each round.
func / (a: [Double], b: [Double]) -> [Double] { zip(a, b).map { $0 / $1 } }
func - (a: [Double], b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }
