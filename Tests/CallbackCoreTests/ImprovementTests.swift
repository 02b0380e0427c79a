import PluginKit
import Testing

@testable import CallbackCore

@Suite struct ImprovementTests {
  static let cases: [(Direction, delta: Double, value: Double, best: Double?, Bool, why: Comment)] = [
    (.min, 0, 0.4, 0.5, true, "it fell"),
    (.min, 0, 0.5, 0.5, false, "standing still is not improving"),
    (.min, 0.1, 0.45, 0.5, false, "it fell by less than the delta"),
    (.min, -0.1, 0.45, 0.5, false, "the sign of the delta is dropped"),
    (.min, 0.25, 0.25, 0.5, false, "it fell by exactly the delta"),
    (.max, 0, 0.6, 0.5, true, "it rose"),
    (.max, 0.25, 0.75, 0.5, false, "it rose by exactly the delta"),
    (.max, 0, 0.4, 0.5, false, "it fell"),
    (.min, 0, 9, nil, true, "anything is better than nothing"),
    (.min, 0, .infinity, nil, true, "also infinity"),
    (.min, 0, .nan, nil, false, "but not NaN"),
    (.max, 0, .nan, 0.5, false, "NaN is never an improvement"),
    (.min, 0, -.infinity, 0.5, true, "infinities are compared as they are"),
  ]

  @Test(arguments: cases) func `tells an improvement`(
    direction: Direction, delta: Double, value: Double, best: Double?, improves: Bool, why: Comment
  ) {
    #expect(Improvement(direction, minimumDelta: delta).improves(value, on: best) == improves, why)
  }

  @Test func `with a sign, a negative delta lets slightly worse values count`() {
    #expect(Improvement(.min, signedDelta: -0.25).improves(0.625, on: 0.5))
    #expect(!Improvement(.min, signedDelta: -0.25).improves(0.75, on: 0.5))
    #expect(Improvement(.max, signedDelta: -0.25).improves(0.375, on: 0.5))
    #expect(!Improvement(.min, signedDelta: -0.25).improves(.nan, on: 0.5))
  }
}
