import PluginKit
import Testing

@testable import CallbackCore

@Suite struct TopCheckpointsTests {
  /// Shows a run's values to a list of the best; the files are named by epoch.
  private func run(
    _ values: [Double], limit: Int, _ direction: Direction = .min
  ) -> (top: TopCheckpoints, removed: [String]) {
    var top = TopCheckpoints()
    var removed: [String] = []
    for (epoch, value) in values.enumerated() where top.wants(value, direction, limit: limit) {
      if let old = top.makeRoom(limit: limit) { removed.append(old) }
      top.add("e\(epoch)", value, direction, limit: limit)
    }
    return (top, removed)
  }

  typealias Case = (
    values: [Double], limit: Int, kept: [String], removed: [String], best: String?, why: Comment
  )
  static let cases: [Case] = [
    ([3, 2, 1], 2, ["e1", "e2"], ["e0"], "e2", "a better one takes the place of the worst"),
    ([1, 2, 3], 2, ["e0", "e1"], [], "e0", "a worse one is not saved"),
    ([1, 1, 1], 1, ["e0"], [], "e0", "an equal one is not better"),
    ([2, 2, 1], 2, ["e1", "e2"], ["e0"], "e2", "among equals the earliest goes"),
    ([.nan, 2, 1], 2, ["e1", "e2"], ["e0"], "e2", "NaN is kept while there is room, and goes first"),
    ([1, .nan], 1, ["e0"], [], "e0", "NaN takes nobody's place"),
    ([2, 3, 1], -1, ["e0", "e1", "e2"], [], "e2", "all are kept"),
    ([1, 2], 0, [], [], nil, "none is kept"),
  ]

  @Test(arguments: cases) func `keeps the best`(
    values: [Double], limit: Int, kept: [String], removed: [String], best: String?, why: Comment
  ) {
    let result = run(values, limit: limit)
    #expect(result.top.entries.map(\.file) == kept, why)
    #expect(result.removed == removed, why)
    #expect(result.top.bestFile == best, why)
  }

  @Test func `the other direction`() {
    let result = run([1, 3, 2], limit: 1, .max)
    #expect(result.top.bestFile == "e1")
    #expect(result.top.bestScore == 3)
  }

  @Test func `a name that is there keeps its place`() {
    var top = TopCheckpoints()
    top.add("m", 2, .min, limit: 3)
    top.add("n", 1, .min, limit: 3)
    top.add("m", 1, .min, limit: 3)
    #expect(top.entries.map(\.file) == ["m", "n"])
    #expect(top.bestFile == "m")
  }
}
