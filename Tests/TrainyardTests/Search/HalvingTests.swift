import Testing
import Training

@testable import Trainyard

@Suite struct HalvingTests {
  static let rungs: [(minimum: Int, factor: Int, limit: Int, rungs: [Int])] = [
    (1, 4, 20, [1, 4, 16]), (1, 4, 16, [1, 4]), (1, 3, 27, [1, 3, 9]), (2, 2, 9, [2, 4, 8]), (5, 4, 5, []),
    (1, 2, 1, []),
    (
      3, 1000, .max,
      [
        3, 3000, 3_000_000, 3_000_000_000, 3_000_000_000_000, 3_000_000_000_000_000,
        3_000_000_000_000_000_000,
      ]
    ),
  ]

  @Test(arguments: rungs)
  func `rungs are at the minimum times powers of the factor`(
    minimum: Int, factor: Int, limit: Int, rungs: [Int]
  ) {
    #expect(Halving(minimum: minimum, reductionFactor: factor).rungs(below: limit) == rungs)
  }

  /// Losses, worked by hand: of n values with its own, the best n / η go on, at least one.
  static let decisions: [(value: Double, others: [Double], factor: Int, goesOn: Bool, why: Comment)] = [
    (0.9, [], 4, true, "nobody to compare with"),
    (0.9, [0.5], 4, false, "the best of two goes on"),
    (0.4, [0.5], 4, true, "it is the best of two"),
    (0.4, [0.3, 0.5, 0.6, 0.7, 0.8, 0.9], 4, false, "of seven one goes on"),
    (0.4, [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1], 4, true, "of eight two go on"),
    (0.5, [0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1], 4, false, "it is the third of eight"),
    (0.5, [0.1, 0.2], 2, false, "of three one goes on"),
    (0.5, [0.1, 0.6, 0.7], 2, true, "of four two go on"),
    (0.5, [0.5, 0.5, 0.5], 4, true, "as good as the best"),
    (.nan, [], 4, false, "NaN never goes on"),
    (0.5, [.nan, .nan], 4, true, "NaN is nobody to compare with"),
    (.infinity, [0.5], 4, false, "infinity is the worst of losses"),
  ]

  @Test(arguments: decisions)
  func `a trial goes on when it is among the best`(
    value: Double, others: [Double], factor: Int, goesOn: Bool, why: Comment
  ) {
    let halving = Halving(reductionFactor: factor)
    #expect(halving.goesOn(value, among: others, .min) == goesOn, why)
    #expect(halving.goesOn(-value, among: others.map { -$0 }, .max) == goesOn, why)
  }
}
