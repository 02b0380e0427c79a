/// A sum of Doubles that also keeps what rounding took away (Neumaier), so that the order of many additions,
/// or merging parts of them, hardly matters.
public struct CompensatedSum: Codable, Equatable, Sendable {
  @usableFromInline var sum: Double
  @usableFromInline var lost: Double

  @inlinable public init() { (sum, lost) = (0, 0) }

  @inlinable init(sum: Double, lost: Double) { (self.sum, self.lost) = (sum, lost) }

  /// Infinite where the sum is: what was lost is then no number.
  @inlinable public var value: Double { lost.isFinite ? sum + lost : sum }

  @inlinable @inline(__always) public mutating func add(_ value: Double) {
    let next = sum + value
    lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
    sum = next
  }

  /// Adds a product with the rounding of the product, too.
  @inlinable @inline(__always) public mutating func add(_ a: Double, times b: Double) {
    let product = a * b
    add(product)
    lost += (-product).addingProduct(a, b)
  }

  @inlinable public mutating func add(_ other: CompensatedSum) {
    add(other.sum)
    add(other.lost)
  }
}

/// One sum for each of several places: classes, cells, bins, outputs.
public struct CompensatedSums: Codable, Equatable, Sendable {
  @usableFromInline var sums: [Double]
  @usableFromInline var lost: [Double]

  public init(count: Int = 0) {
    // Not the same array twice: the first number added would copy it, in a batch.
    sums = Array(repeating: 0, count: count)
    lost = Array(repeating: 0, count: count)
  }

  public var count: Int { sums.count }

  /// Whether saved state has given it as many places.
  public func fits(_ count: Int) -> Bool { sums.count == count && lost.count == count }

  @inlinable public subscript(place: Int) -> Double { at(place).value }

  public var values: [Double] { sums.indices.map { self[$0] } }

  /// The sum of the sums.
  public var total: Double {
    var total = CompensatedSum()
    for place in sums.indices { total.add(at(place)) }
    return total.value
  }

  @inlinable @inline(__always) public mutating func add(_ value: Double, at place: Int) {
    var one = at(place)
    one.add(value)
    set(one, place)
  }

  @inlinable @inline(__always) public mutating func add(_ a: Double, times b: Double, at place: Int) {
    var one = at(place)
    one.add(a, times: b)
    set(one, place)
  }

  public mutating func add(_ other: CompensatedSums) {
    for place in sums.indices {
      var one = at(place)
      one.add(other.at(place))
      set(one, place)
    }
  }

  @inlinable @inline(__always) func at(_ place: Int) -> CompensatedSum {
    CompensatedSum(sum: sums[place], lost: lost[place])
  }

  @inlinable @inline(__always) mutating func set(_ one: CompensatedSum, _ place: Int) {
    sums[place] = one.sum
    lost[place] = one.lost
  }
}
