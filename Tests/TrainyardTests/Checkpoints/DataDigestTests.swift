import Support
import Testing
import Training

@testable import Trainyard

/// What tells data apart: by its values, in memory or read, and cheaply.
@Suite struct DataDigestTests {
  private func digest(
    _ values: [Float], _ names: [String] = ["a", "b"], role: FieldRole = .feature, views: Bool = true
  ) throws -> String {
    let codes = values.indices.map { Int32($0 % 2) }
    let source = try MemorySource(
      [.floats("x", values, role: role), .categories("y", codes, names, role: .target)], offersViews: views)
    return try DataDigest(source, seed: 7).hex
  }

  @Test(arguments: [true, false])
  func `a value, a name, a role and the number of rows each make a difference`(views: Bool) throws {
    let values = (0..<50).map { Float($0) }
    let own = try digest(values, views: views)
    #expect(try digest(values, views: views) == own)
    var changed = values
    changed[31] = 31.5
    #expect(try digest(changed, views: views) != own)
    #expect(try digest(values.dropLast(2), views: views) != own)
    #expect(try digest(values, ["a", "c"], views: views) != own)
    #expect(try digest(values, role: .weight, views: views) != own)
  }

  @Test func `of many rows that have to be read, the first and the last are among those that are`() throws {
    let values = [Float](repeating: 0, count: 100_000)
    let own = try digest(values, views: false)
    for index in [0, values.count - 1] {
      var changed = values
      changed[index] = 1
      #expect(try digest(changed, views: false) != own)
    }
  }

  @Test func `of much data in memory, the beginning, the end and blocks between are looked at`() throws {
    // 160 MB: every third block of 4 KiB.
    var values = [Float](repeating: 0, count: 20_000_000)
    let own = try digest(values)
    for index in [0, 3 * 1024 * 400 + 3, values.count - 1] {
      values[index] = 1
      #expect(try digest(values) != own, "\(index)")
      values[index] = 0
    }
    #expect(try digest(values) == own)
  }

  @Test func `what is not known is not held against a run`() throws {
    let source = try MemorySource([.floats("x", [1, 2])])
    let digests = try DataDigests([source, source], seed: 1)
    #expect(digests.all.count == 1, "rows to validate on, of the same dataset")
    #expect(digests.changed(since: []) == [] && digests.changed(since: digests.all) == [])
    #expect(digests.changed(since: ["00000000"]) == ["data in memory"])
  }
}
