/// A sum of Doubles that also keeps what rounding took away (Neumaier), so that the order of many additions,
/// or merging parts of them, hardly matters.
struct CompensatedSum: Codable, Equatable {
  private var sum = 0.0
  private var lost = 0.0

  var value: Double { sum + lost }

  mutating func add(_ value: Double) {
    let next = sum + value
    lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
    sum = next
  }

  mutating func add(_ other: CompensatedSum) {
    add(other.sum)
    add(other.lost)
  }
}
