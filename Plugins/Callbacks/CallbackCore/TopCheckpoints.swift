import PluginKit

/// The best files of a run and their scores, by Lightning's rules.
public struct TopCheckpoints: Codable, Equatable {
  public struct Entry: Codable, Equatable {
    public var file: String
    public var score: Double
  }

  /// In the order in which they were first saved.
  public private(set) var entries: [Entry] = []
  /// The one that has to go when a better one comes; set while there is no room.
  public private(set) var worstFile: String?
  public private(set) var bestFile: String?

  public init() {}

  public var bestScore: Double? { bestFile.flatMap { score(of: $0) } }

  private func score(of file: String) -> Double? { entries.first { $0.file == file }?.score }

  /// Whether a value deserves a file.
  ///
  /// - Parameter limit: How many files are kept; −1: all.
  public func wants(_ value: Double, _ direction: Direction, limit: Int) -> Bool {
    if limit < 0 || entries.count < limit { return limit != 0 }
    guard let worst = worstFile.flatMap({ score(of: $0) }) else { return false }
    return Improvement.isBetter(value, than: worst, direction)
  }

  /// Makes room for a file that `wants` asked for.
  ///
  /// - Returns: The file that goes once the new one is safe.
  public mutating func makeRoom(limit: Int) -> String? {
    guard limit > 0, entries.count >= limit, let worstFile else { return nil }
    entries.removeAll { $0.file == worstFile }
    return worstFile
  }

  /// Enters a file. A name that is there keeps its place. NaN counts as the worst there is.
  public mutating func add(_ file: String, _ value: Double, _ direction: Direction, limit: Int) {
    let score = value.isNaN ? direction.worst : value
    if let index = entries.firstIndex(where: { $0.file == file }) {
      entries[index].score = score
    } else {
      entries.append(Entry(file: file, score: score))
    }
    if limit > 0, entries.count == limit { worstFile = first(direction == .min ? .max : .min) }
    bestFile = first(direction)
  }

  /// The extreme one; among equals the one that came first.
  private func first(_ direction: Direction) -> String? {
    guard var best = entries.first else { return nil }
    for entry in entries.dropFirst() where Improvement.isBetter(entry.score, than: best.score, direction) {
      best = entry
    }
    return best.file
  }
}
