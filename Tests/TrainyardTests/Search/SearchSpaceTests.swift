import Testing
import Training

@testable import Trainyard

@Suite struct SearchSpaceTests {
  static func range(_ low: Double, _ high: Double, step: Double? = nil, log: Bool = false, int: Bool = false)
    -> SearchParameter.Domain
  {
    .range(NumericRange(low: low, high: high, step: step, isLog: log, isInteger: int))
  }

  static func choice(_ values: ConfigNode...) -> SearchParameter.Domain { .choice(values) }

  static let domains: [(SearchParameter.Domain, allowed: @Sendable (Double) -> Bool)] = [
    (range(-1, 3), { $0 >= -1 && $0 <= 3 }),
    (range(1e-4, 0.1, log: true), { $0 >= 1e-4 && $0 <= 0.1 }),
    (range(0, 1, step: 0.25), { [0, 0.25, 0.5, 0.75, 1].contains($0) }),
    (range(0, 1, step: 0.4), { [0, 0.4, 0.8].contains($0) }),
    (range(16, 128, step: 16, int: true), { $0.remainder(dividingBy: 16) == 0 && $0 >= 16 && $0 <= 128 }),
    (range(1, 1000, log: true, int: true), { $0 == $0.rounded() && $0 >= 1 && $0 <= 1000 }),
    (range(7, 7), { $0 == 7 }),
  ]

  @Test(arguments: domains.indices)
  func `random values are those that the range allows, and reach both ends`(row: Int) throws {
    let (domain, allowed) = Self.domains[row]
    let space = SearchSpace([SearchParameter("x", domain)])
    let drawn = (0..<2000).map { Self.number(space.randomPoint(trial: $0, seed: 1)) }
    #expect(drawn.allSatisfy(allowed))
    guard case .range(let range) = domain, let values = range.values, values.count < 20 else { return }
    #expect(Set(drawn) == Set(values))
    // Each as likely as any other: 2000 draws leave nobody far off.
    for value in values {
      let share = Double(drawn.count { $0 == value }) / 2000 * Double(values.count)
      #expect(share > 0.7 && share < 1.3, "\(value) was drawn \(share) times too often")
    }
  }

  @Test func `a logarithmic range gives each order of magnitude the same share`() {
    let space = SearchSpace([SearchParameter("x", Self.range(1e-4, 0.1, log: true))])
    let drawn = (0..<3000).map { Self.number(space.randomPoint(trial: $0, seed: 5)) }
    for low in [1e-4, 1e-3, 1e-2] {
      let count = drawn.count { $0 >= low && $0 < low * 10 }
      #expect(abs(count - 1000) < 100, "\(count) of 3000 in \(low) to \(low * 10)")
    }
  }

  @Test func `a grid goes through all combinations, the last parameter fastest`() {
    let space = SearchSpace([
      SearchParameter("a", Self.choice(1, 2)), SearchParameter("b", Self.range(0, 1, step: 0.5)),
    ])
    let points = (0..<7).map { space.gridPoint($0).map { space.json(of: $0) } }
    #expect(space.gridCount == 6)
    #expect(points[0] == ["a": 1, "b": 0.0])
    #expect(points[1] == ["a": 1, "b": 0.5])
    #expect(points[3] == ["a": 2, "b": 0.0])
    #expect(points[5] == ["a": 2, "b": 1.0])
    #expect(points[6] == nil)
  }

  /// momentum for sgd and rmsprop only, nesterov only with momentum.
  static let conditional = SearchSpace([
    SearchParameter(
      "nesterov", choice(true, false), when: [.init(path: "momentum", values: [0.5, 0.9])]),
    SearchParameter("optimizer", choice("adam", "sgd")),
    SearchParameter("momentum", choice(0.0, 0.5, 0.9), when: [.init(path: "optimizer", values: ["sgd"])]),
    SearchParameter("rate", choice(0.1, 0.2)),
  ])

  @Test func `a parameter whose condition does not hold is left out, and what depends on it too`() {
    let space = Self.conditional
    #expect(space.parameters.map(\.path) == ["optimizer", "momentum", "nesterov", "rate"])
    // adam: 2 rates; sgd: momentum 0 (1) or one of two with nesterov or not (4), times 2 rates.
    #expect(space.gridCount == 2 + 5 * 2)
    let all = (0..<12).compactMap { space.gridPoint($0) }
    #expect(Set(all.map { space.json(of: $0).description }).count == 12)
    #expect(space.json(of: all[0]) == ["optimizer": "adam", "rate": 0.1])
    #expect(space.json(of: all[2]) == ["optimizer": "sgd", "momentum": 0.0, "rate": 0.1])
    #expect(
      space.json(of: all[11]) == ["optimizer": "sgd", "momentum": 0.9, "nesterov": false, "rate": 0.2])
    for trial in 0..<200 {
      let values = space.json(of: space.randomPoint(trial: trial, seed: 3))
      #expect((values["momentum"] != nil) == (values["optimizer"] == "sgd"))
      #expect((values["nesterov"] != nil) == (values["momentum"] != nil && values["momentum"] != 0.0))
    }
  }

  @Test func `a point read back from what was written of it is the same`() throws {
    let space = SearchSpace(
      Self.conditional.parameters + [
        SearchParameter("hidden", Self.choice([32], [64, 32], [])),
        SearchParameter("l2", Self.range(1e-6, 1, log: true)),
        SearchParameter("batch", Self.range(16, 128, step: 16, int: true)),
        SearchParameter("clip", Self.choice(.null, 1.0)),
      ])
    for trial in 0..<100 {
      let point = space.randomPoint(trial: trial, seed: 11)
      let text = JSONWriter.compact(space.json(of: point))
      #expect(space.point(of: try JSONValue(parsing: text, from: "store")) == point)
    }
    #expect(space.point(of: ["optimizer": "adam"]) == nil, "values are missing")
    #expect(SearchSpace([SearchParameter("a", Self.choice(1))]).point(of: ["a": 1, "b": 2]) == nil)
  }

  @Test func `another parameter does not change what a parameter draws`() {
    let one = SearchSpace([SearchParameter("x", Self.range(0, 1))])
    let two = SearchSpace([SearchParameter("y", Self.range(0, 1)), SearchParameter("x", Self.range(0, 1))])
    #expect(one.randomPoint(trial: 4, seed: 9).values[0] == two.randomPoint(trial: 4, seed: 9).values[1])
  }

  static func number(_ point: SearchPoint, _ index: Int = 0) -> Double {
    if case .number(let value)? = point.values[index] { value } else { .nan }
  }
}

extension JSONValue {
  fileprivate var description: String { JSONWriter.compact(self) }
}
