/// The three products of a layer on made numbers: what goes in, room for what comes out, and how far that is from sums in
/// double.
struct LayerCase {
  let rows, inputs, outputs: Int
  let x, w, d, bias: [Float]
  /// z = bias + x·w, e = d·wᵀ, and g = xᵀ·d, added up twice. What lies behind a result must stay.
  var z, e, g: [Float]

  /// - Parameter unit: Numbers are k / unit − 1, with k from 0 to 100.
  init(_ rows: Int, _ inputs: Int, _ outputs: Int, unit: Float) {
    (self.rows, self.inputs, self.outputs) = (rows, inputs, outputs)
    func numbers(_ count: Int, _ step: Int) -> [Float] {
      (0..<count).map { Float(($0 * step) % 101) / unit - 1 }
    }
    (x, w) = (numbers(rows * inputs, 7), numbers(inputs * outputs, 13))
    (d, bias) = (numbers(rows * outputs, 29), numbers(outputs, 3))
    func result(_ count: Int) -> [Float] { [Float](repeating: Self.behind, count: count + 1) }
    (z, e, g) = (result(rows * outputs), result(rows * inputs), result(inputs * outputs))
  }

  private static let behind: Float = 5

  var isIntactBehind: Bool { [z.last, e.last, g.last] == [Self.behind, Self.behind, Self.behind] }

  /// The greatest distance of a result from a sum in double.
  /// - Parameter value: What a factor counts as.
  func farthest(_ value: (Float) -> Double = { Double($0) }) -> Double {
    func sum(_ count: Int, _ term: (Int) -> (Float, Float)) -> Double {
      (0..<count).reduce(0.0) { $0 + value(term($1).0) * value(term($1).1) }
    }
    var worst = 0.0
    func compare(_ value: Float, _ expected: Double) {
      let distance = abs(Double(value) - expected)
      // Of NaN and a number, `max` gives the number.
      worst = distance.isNaN ? .infinity : max(worst, distance)
    }
    for i in 0..<rows {
      for o in 0..<outputs {
        compare(
          z[i * outputs + o], Double(bias[o]) + sum(inputs) { (x[i * inputs + $0], w[$0 * outputs + o]) })
      }
      for k in 0..<inputs {
        compare(e[i * inputs + k], sum(outputs) { (d[i * outputs + $0], w[k * outputs + $0]) })
      }
    }
    for k in 0..<inputs {
      for o in 0..<outputs {
        compare(g[k * outputs + o], 2 * sum(rows) { (x[$0 * inputs + k], d[$0 * outputs + o]) })
      }
    }
    return worst
  }
}
