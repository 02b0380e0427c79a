import Glibc
import PluginKit

/// All rows of a ranking pass with their groups: 32 bytes a row.
public struct RankedGroups: Codable, Equatable, Sendable {
  public private(set) var task = MeasuredTask()
  private var groups: [Int] = []
  private var scores: [Double] = []
  private var gains: [Double] = []
  private var weights: [Double] = []

  public init() {}

  /// Keeps what a loaded checkpoint has accumulated for the same task.
  public mutating func prepare(_ task: MeasuredTask) {
    if self.task != task { clear() }
    self.task = task
  }

  /// Keeps the memory: the next pass is as long.
  public mutating func clear() {
    groups.removeAll(keepingCapacity: true)
    scores.removeAll(keepingCapacity: true)
    gains.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
  }

  /// - Parameter gain: What a target is worth.
  public mutating func add(_ examples: Examples, _ group: TensorView?, _ gain: (Double) -> Double) throws {
    guard isSound else { throw damagedState }
    guard let group, group.type == .int64, group.count == examples.rows else {
      throw PluginError(
        "a batch without a group for each of its \(examples.rows) rows",
        help: "give the data a field of role group")
    }
    for target in examples.targets where target < 0 {
      throw PluginError("target \(target), and relevance cannot be below 0")
    }
    groups.append(contentsOf: group.int64s.lazy.map { Int($0) })
    scores.append(contentsOf: examples.predictions)
    gains.append(contentsOf: examples.targets.lazy.map(gain))
    for row in 0..<examples.rows { weights.append(examples.weight(row)) }
  }

  public mutating func merge(_ other: RankedGroups) throws {
    guard other.task == task, other.isSound else { throw otherTask }
    groups += other.groups
    scores += other.scores
    gains += other.gains
    weights += other.weights
  }

  private var isSound: Bool {
    scores.count == groups.count && gains.count == groups.count && weights.count == groups.count
  }

  /// The mean over groups of gain at `k` over the best possible gain, weighted by the mean weight of a group's rows.
  /// Groups may be spread over the pass. A group without any relevant row counts 0.
  /// - Parameter k: Places that count; `nil`: all.
  public func normalizedGain(at k: Int?) throws -> Double? {
    guard isSound else { throw damagedState }
    var result = WeightedMean()
    // By group, and within it in the order of arrival.
    let order = groups.indices.sorted { (groups[$0], $0) < (groups[$1], $1) }
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, groups[order[end]] == groups[order[start]] { end += 1 }
      let rows = Array(order[start..<end])
      result.add(ratio(rows, min(k ?? rows.count, rows.count)), weight: meanWeight(rows))
      start = end
    }
    return result.value
  }

  private func meanWeight(_ rows: [Int]) -> Double {
    var sum = CompensatedSum()
    for row in rows { sum.add(weights[row]) }
    return sum.value / Double(rows.count)
  }

  private func ratio(_ rows: [Int], _ places: Int) -> Double {
    if rows.contains(where: { scores[$0].isNaN }) { return .nan }
    let ideal = gain(rows.map { (score: gains[$0], gain: gains[$0]) }, places)
    return ideal == 0 ? 0 : gain(rows.map { (score: scores[$0], gain: gains[$0]) }, places) / ideal
  }

  /// Rows of equal score share their places, each with the mean gain of them all (McSherry and Najork).
  private func gain(_ entries: [(score: Double, gain: Double)], _ places: Int) -> Double {
    let order = entries.indices.sorted { a, b in
      entries[a].score > entries[b].score || (entries[a].score == entries[b].score && a < b)
    }
    var total = CompensatedSum()
    var start = 0
    while start < places {
      var gains = CompensatedSum()
      var discounts = CompensatedSum()
      var end = start
      while end < order.count, entries[order[end]].score == entries[order[start]].score {
        gains.add(entries[order[end]].gain)
        if end < places { discounts.add(1 / log2(Double(end + 2))) }
        end += 1
      }
      total.add(gains.value / Double(end - start) * discounts.value)
      start = end
    }
    return total.value
  }
}
