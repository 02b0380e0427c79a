import Testing

@testable import PluginKit

@Suite struct StateTests {
  private struct Entry: Codable, Equatable {
    var name: String
    var score: Double
  }

  private struct Progress: Codable, Equatable {
    var entries: [Entry] = []
    var names: [String] = []
    var numbers: [Double] = []
  }

  private func copy(_ progress: Progress) throws -> Progress {
    let table = try StateEncoder.table(of: progress)
    return try Progress(from: StateDecoder(table: table, path: ""))
  }

  @Test func `lists come back, also when they are empty`() throws {
    let full = Progress(entries: [Entry(name: "a", score: 1)], names: ["b"], numbers: [2])
    #expect(try copy(full) == full)
    #expect(try copy(Progress()) == Progress())
  }
}
