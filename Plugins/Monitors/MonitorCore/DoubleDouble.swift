/// A number as the unevaluated sum of two Doubles, about 32 digits: for differences of large sums, where 16 would
/// leave few (a variance far from zero, a covariance of counts).
struct DoubleDouble {
  var high: Double
  var low: Double

  init(_ value: Double) { (high, low) = (value, 0) }

  init(_ sum: CompensatedSum) { self.init(sum.sum, plus: sum.lost) }

  /// Exactly `a + b`.
  private init(_ a: Double, plus b: Double) {
    high = a + b
    let part = high - a
    low = (a - (high - part)) + (b - part)
  }

  var value: Double { high + low }

  static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let sum = DoubleDouble(a.high, plus: b.high)
    return DoubleDouble(sum.high, plus: sum.low + a.low + b.low)
  }

  static prefix func - (a: DoubleDouble) -> DoubleDouble {
    var result = a
    (result.high, result.low) = (-a.high, -a.low)
    return result
  }

  static func - (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble { a + (-b) }

  static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let product = a.high * b.high
    let rest = (-product).addingProduct(a.high, b.high)
    return DoubleDouble(product, plus: rest + (a.high * b.low + a.low * b.high))
  }

  static func / (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let first = a.high / b.high
    let rest = a - b * DoubleDouble(first)
    return DoubleDouble(first, plus: rest.value / b.high)
  }
}

extension CompensatedSums {
  func precise(_ place: Int) -> DoubleDouble { DoubleDouble(at(place)) }
}
