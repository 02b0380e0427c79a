import PluginKit

/// A batch as engines take it: the rows of a group stand together, in the order in which groups are met first.
///
/// Borrows the batch's memory: no longer than the call that it was given to.
public struct EngineRows {
  public let count: Int
  public let featureCount: Int
  /// `count` · `featureCount`, row by row.
  public let features: UnsafeBufferPointer<Float>
  /// Rows of the batch in the order of the engine; `nil`: as they are.
  public let order: [Int]?
  /// How many rows each group has; `nil`: there are no groups.
  public let groups: [Int32]?
  private let batch: Batch
  private let moved: [Float]

  /// - Parameter grouped: For ranking: all rows are one group where the data says nothing of groups.
  public init(_ batch: Batch, grouped: Bool) throws {
    guard batch.features.type == .float32, batch.rows > 0 else {
      throw PluginError("a batch without rows, or whose features are no f32")
    }
    self.batch = batch
    count = batch.rows
    featureCount = batch.features.width
    (order, groups) = grouped ? Self.grouping(batch) : (nil, nil)
    let given = batch.features.floats
    if let order {
      var moved: [Float] = []
      moved.reserveCapacity(given.count)
      for row in order { moved += given[row * featureCount..<(row + 1) * featureCount] }
      self.moved = moved
    } else {
      moved = []
    }
    features = UnsafeBufferPointer(given)
  }

  /// Calls `body` with the features in the engine's order.
  public func withFeatures<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    order == nil ? try body(features) : try moved.withUnsafeBufferPointer(body)
  }

  /// `width` numbers a row; `nil`: the batch has no target.
  public func labels(width: Int) -> [Float]? {
    guard let target = batch.target, target.count == count * width else { return nil }
    return inOrder(width) { Float(target.value(at: $0)) }
  }

  /// `nil`: every row counts once.
  public var weights: [Float]? {
    guard let weight = batch.weight, weight.count == count else { return nil }
    return inOrder(1) { Float(weight.value(at: $0)) }
  }

  /// The mean weight of each group's rows.
  public var groupWeights: [Float]? {
    guard let groups, let weights else { return nil }
    var start = 0
    return groups.map { size in
      let end = start + Int(size)
      defer { start = end }
      return weights[start..<end].reduce(0, +) / Float(max(1, size))
    }
  }

  private func inOrder(_ width: Int, _ value: (Int) -> Float) -> [Float] {
    guard let order else { return (0..<count * width).map(value) }
    return order.flatMap { row in (0..<width).map { value(row * width + $0) } }
  }

  private static func grouping(_ batch: Batch) -> ([Int]?, [Int32]) {
    guard let group = batch.group, group.count == batch.rows, group.type == .int64 else {
      return (nil, [Int32(clamping: batch.rows)])
    }
    let numbers = group.int64s
    var places: [Int64: Int] = [:]
    var sizes: [Int32] = []
    var isTogether = true
    for row in numbers.indices {
      if let place = places[numbers[row]] {
        sizes[place] &+= 1
        if place != sizes.count - 1 { isTogether = false }
      } else {
        places[numbers[row]] = sizes.count
        sizes.append(1)
      }
    }
    if isTogether { return (nil, sizes) }
    var starts: [Int] = []
    var next = 0
    for size in sizes {
      starts.append(next)
      next += Int(size)
    }
    var order = [Int](repeating: 0, count: batch.rows)
    for row in numbers.indices {
      let place = places[numbers[row]] ?? 0
      order[starts[place]] = row
      starts[place] += 1
    }
    return (order, sizes)
  }
}
