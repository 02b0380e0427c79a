/// Mean and variance of each column, learned part by part.
///
/// Each part is gone over twice (its mean, then the squares of the differences from it) and joined to what
/// was there (T. Chan, G. Golub and R. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
/// Sample Variances", 1979): no column loses its small differences to its size.
struct Moments {
  /// Where the first missing number is.
  private(set) var firstMissing: (row: Int64, element: Int)?

  private let width: Int
  private var rows = 0.0
  private var count, mean, squares, smallest, largest: [Double]
  // Of the part.
  private var partCount, partSum: [Double]

  init(width: Int) {
    self.width = width
    count = Array(repeating: 0, count: width)
    mean = count
    squares = count
    partCount = count
    partSum = count
    smallest = Array(repeating: .infinity, count: width)
    largest = Array(repeating: -.infinity, count: width)
  }

  /// NaN where every number is missing.
  func mean(ofColumn column: Int) -> Double { count[column] > 0 ? mean[column] : .nan }

  /// Mean and standard deviation (of the population) with `fill` in place of what is missing.
  func standard(_ column: Int, fill: Double) -> (mean: Double, deviation: Double) {
    let missing = rows - count[column]
    let isFilled = missing > 0
    let low = isFilled ? min(smallest[column], fill) : smallest[column]
    let high = isFilled ? max(largest[column], fill) : largest[column]
    // Rounding must not make a deviation out of nothing.
    if low == high { return (low, 0) }
    let difference = fill - mean[column]
    let total = squares[column] + (isFilled ? difference * difference * count[column] * missing / rows : 0)
    return (mean[column] + (isFilled ? difference * missing / rows : 0), (total / rows).squareRoot())
  }

  /// - Returns: the place (of those given) of the first infinite number.
  mutating func add(_ values: FieldValues) -> (row: Int, element: Int)? {
    let isSound =
      switch values.type {
      case .uint8: add(values, UInt8.self)
      case .int32: add(values, Int32.self)
      case .int64: add(values, Int64.self)
      case .float32: add(values, Float.self)
      case .float64: add(values, Double.self)
      }
    return isSound ? nil : first(in: values) { $0.isInfinite }
  }

  @inline(__always)
  private mutating func add<T: FieldElement>(_ values: FieldValues, _ type: T.Type) -> Bool {
    let isSound = sum(values, type)
    guard isSound else { return false }
    let present = partCount.reduce(0, +)
    if firstMissing == nil, present < Double(values.count * width),
      let place = first(in: values, where: \.isNaN)
    {
      firstMissing = (values.rows[place.row], place.element)
    }
    for column in 0..<width where partCount[column] > 0 { partSum[column] /= partCount[column] }
    let partSquares = squares(values, type)
    for column in 0..<width where partCount[column] > 0 {
      let total = count[column] + partCount[column]
      let difference = partSum[column] - mean[column]
      mean[column] += difference * partCount[column] / total
      squares[column] +=
        partSquares[column] + difference * difference * count[column] * partCount[column] / total
      count[column] = total
    }
    rows += Double(values.count)
    return true
  }

  /// Counts and sums of a part, smallest and largest. `false`: there is an infinite number.
  @inline(__always)
  private mutating func sum<T: FieldElement>(_ values: FieldValues, _ type: T.Type) -> Bool {
    var isSound = true
    let width = width
    partCount.withUnsafeMutableBufferPointer { count in
      partSum.withUnsafeMutableBufferPointer { sum in
        smallest.withUnsafeMutableBufferPointer { smallest in
          largest.withUnsafeMutableBufferPointer { largest in
            count.update(repeating: 0)
            sum.update(repeating: 0)
            for row in 0..<values.count {
              let from = values.line(row, as: type)
              for column in 0..<width {
                let value = from[column].asDouble
                let isPresent = value == value
                count[column] += isPresent ? 1 : 0
                sum[column] += isPresent ? value : 0
                smallest[column] = value < smallest[column] ? value : smallest[column]
                largest[column] = value > largest[column] ? value : largest[column]
              }
            }
            for column in 0..<width where smallest[column] == -.infinity || largest[column] == .infinity {
              isSound = false
            }
          }
        }
      }
    }
    return isSound
  }

  /// Squares of the differences from the part's means.
  @inline(__always)
  private func squares<T: FieldElement>(_ values: FieldValues, _ type: T.Type) -> [Double] {
    var result = Array(repeating: 0.0, count: width)
    let width = width
    result.withUnsafeMutableBufferPointer { result in
      partSum.withUnsafeBufferPointer { mean in
        for row in 0..<values.count {
          let from = values.line(row, as: type)
          for column in 0..<width {
            let value = from[column].asDouble
            let difference = value == value ? value - mean[column] : 0
            result[column] += difference * difference
          }
        }
      }
    }
    return result
  }

  private func first(in values: FieldValues, where matches: (Double) -> Bool) -> (row: Int, element: Int)? {
    for row in 0..<values.count {
      for element in 0..<width where matches(values.value(row, element)) { return (row, element) }
    }
    return nil
  }
}
