import CTrainyard
import Support
import Testing

@Suite struct SyntheticTests {
  private func values(_ options: [String: [String]], _ field: String) throws -> [Double] {
    try #require(try DatasetProbe("synthetic", options).whole(field)).values
  }

  @Test func `moons by default`() throws {
    let data = try DatasetProbe("synthetic")
    #expect(data.rowCount == 1000)
    #expect(
      data.fields == [
        .init(name: "x", role: TY_ROLE_FEATURE, type: "f32", shape: [2]),
        .init(name: "label", role: TY_ROLE_TARGET, type: "i32", categoryCount: 2),
      ])
    #expect(try #require(try data.whole("x")).shape == [1000, 2])
  }

  @Test(arguments: ["moons", "spirals", "blobs", "linear"])
  func `equal seeds give equal data, other seeds and parts do not`(shape: String) throws {
    let options = ["shape": [shape], "rows": ["50"]]
    let first = try values(options, "x")
    #expect(try values(options, "x") == first)
    #expect(try values(options.merging(["seed": ["1"]]) { $1 }, "x") != first)
    #expect(try values(options.merging(["part": ["1"]]) { $1 }, "x") != first)
  }

  @Test(arguments: ["moons", "spirals", "blobs", "linear"])
  func `the first rows do not depend on the number of rows`(shape: String) throws {
    let short = try values(["shape": [shape], "rows": ["10"]], "x")
    let long = try values(["shape": [shape], "rows": ["20"]], "x")
    #expect(Array(long.prefix(short.count)) == short)
  }

  /// The generator is SplitMix64: with no noise and one feature these numbers follow from its definition.
  @Test func `the numbers stay the same from version to version`() throws {
    let data = try values(["shape": ["spirals"], "rows": ["2"], "noise": ["0"], "classes": ["2"]], "x")
    var reference = SplitMix(state: 0)
    reference.state = reference.next() ^ 1
    reference = SplitMix(state: reference.next())
    var expected: [Double] = []
    for arm in 0..<2 {
      let radius = (Double(reference.next() >> 11) / 0x1p53).squareRoot()
      // Two more numbers at least were drawn for the noise of each row.
      expected.append(radius)
      reference.skipNormals()
      let (x, y) = (data[2 * arm], data[2 * arm + 1])
      #expect(abs((x * x + y * y).squareRoot() - expected[arm]) < 1e-6)
    }
  }

  @Test func `rows in any order`() throws {
    let data = try DatasetProbe("synthetic", ["shape": ["blobs"], "rows": ["6"], "features": ["3"]])
    let all = try #require(try data.whole("x")).values
    #expect(try data.read("x", rows: [5, 0, 5]) == Array(all[15..<18] + all[0..<3] + all[15..<18]))
    #expect(try data.read("label", rows: [5, 1]) == [2, 1])
  }

  @Test func `classes are even`() throws {
    #expect(
      try values(["shape": ["spirals"], "rows": ["8"], "classes": ["4"]], "label") == [
        0, 1, 2, 3, 0, 1, 2, 3,
      ])
  }

  @Test func `moons lie on their half circles when there is no noise`() throws {
    let x = try values(["rows": ["200"], "noise": ["0"]], "x")
    for row in 0..<200 {
      let (a, b) = (x[2 * row], x[2 * row + 1])
      if row % 2 == 0 {
        #expect(abs(a * a + b * b - 1) < 1e-5 && b >= -1e-6)
      } else {
        #expect(abs((a - 1) * (a - 1) + (b - 0.5) * (b - 0.5) - 1) < 1e-5 && b <= 0.5 + 1e-6)
      }
    }
  }

  @Test func `linear has the documented coefficients`() throws {
    let data = try DatasetProbe(
      "synthetic", ["shape": ["linear"], "rows": ["50"], "features": ["3"], "noise": ["0"]])
    #expect(
      data.fields[1] == .init(name: "y", role: TY_ROLE_TARGET, type: "f32"))
    let x = try #require(try data.whole("x")).values
    let y = try #require(try data.whole("y")).values
    for row in 0..<50 {
      #expect(abs(0.5 + x[3 * row] - x[3 * row + 1] / 2 + x[3 * row + 2] / 3 - y[row]) < 1e-5)
    }
  }

  @Test func `noise has the deviation that is asked for`() throws {
    let options = ["shape": ["linear"], "rows": ["20000"], "features": ["1"], "noise": ["0.5"]]
    let data = try DatasetProbe("synthetic", options)
    let x = try #require(try data.whole("x")).values
    let y = try #require(try data.whole("y")).values
    let noise = zip(x, y).map { $1 - 0.5 - $0 }
    #expect(abs(noise.reduce(0, +) / 20000) < 0.02)
    #expect(abs((noise.map { $0 * $0 }.reduce(0, +) / 20000).squareRoot() - 0.5) < 0.02)
    #expect(abs((x.map { $0 * $0 }.reduce(0, +) / 20000).squareRoot() - 1) < 0.03)
  }

  @Test func `blobs keep their centres from part to part`() throws {
    let options = ["shape": ["blobs"], "rows": ["4"], "noise": ["0"], "classes": ["4"], "features": ["5"]]
    let centres = try values(options, "x")
    #expect(try values(options.merging(["part": ["1"]]) { $1 }, "x") == centres)
    #expect(Set((0..<4).map { centres[5 * $0] }).count == 4)
    #expect(centres.allSatisfy { abs($0) <= 1 })
  }

  static let refused: [(options: [String: [String]], words: String)] = [
    (["features": ["3"]], "`features` has no use with moons, which have 2"),
    (["shape": ["spirals"], "features": ["3"]], "`features` has no use with spirals"),
    (["classes": ["3"]], "`classes` has no use with moons, which have 2"),
    (["shape": ["linear"], "classes": ["3"]], "`classes` has no use with linear, which is a regression"),
    (
      ["shape": ["linear"], "rows": ["9223372036854775807"], "features": ["4"]],
      "9223372036854775807 rows of 4 features are more than can be held"
    ),
    (
      ["shape": ["blobs"], "rows": ["4000000000000000000"], "features": ["2"]],
      "values is more than can be had"
    ),
    (["rows": ["1000000000000000"]], "not enough memory for a block of 8000000000000000 bytes"),
    (
      ["shape": ["blobs"], "classes": ["10000"], "features": ["1000"]],
      "10000 blobs of 1000 features are too many"
    ),
  ]

  @Test(arguments: refused)
  func `options that make no sense`(options: [String: [String]], words: String) {
    expect(
      refusal(of: "synthetic", options), has: [words, "help: "].dropLast(words.contains("can be h") ? 1 : 0))
  }
}

/// SplitMix64 as its authors define it.
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Passes over one draw of two normal numbers by the polar method.
  mutating func skipNormals() {
    while true {
      let x = Double(next() >> 11) / 0x1p52 - 1
      let y = Double(next() >> 11) / 0x1p52 - 1
      if x * x + y * y < 1, x * x + y * y > 0 { return }
    }
  }
}
