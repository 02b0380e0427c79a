import Glibc
import MLPCore
import PluginKit

/// The same network in double precision, written down plainly from the formulas: what the kernels are judged
/// by.
struct Reference {
  var sizes: [Int]
  var activation: Activation
  var l2: Double
  var sample: Sample

  /// The loss for parameters in the order of `weight(at:)`.
  func loss(_ parameters: [Double]) -> Double {
    var sum = 0.0
    var weightSum = 0.0
    for row in 0..<sample.rows {
      let weight = sample.isWeighted ? Double(sample.weights[row]) : 1
      sum += weight * loss(row, outputs(row, parameters))
      weightSum += weight
    }
    return sum / weightSum + l2 * squaredWeights(parameters)
  }

  /// The sums of the last layer for one row.
  func outputs(_ row: Int, _ parameters: [Double]) -> [Double] {
    var values = (0..<sample.width).map { Double(sample.features[row * sample.width + $0]) }
    var offset = 0
    for layer in 0..<sizes.count - 1 {
      let (inputs, outputs) = (sizes[layer], sizes[layer + 1])
      let isLast = layer == sizes.count - 2
      values = (0..<outputs).map { o in
        var z = parameters[offset + inputs * outputs + o]
        for k in 0..<inputs { z += values[k] * parameters[offset + k * outputs + o] }
        return isLast ? z : activated(z)
      }
      offset += inputs * outputs + outputs
    }
    return values
  }

  /// By central differences.
  func gradient(_ parameters: [Double], step: Double = 1e-5) -> [Double] {
    parameters.indices.map { index in
      var moved = parameters
      moved[index] = parameters[index] + step
      let above = loss(moved)
      moved[index] = parameters[index] - step
      return (above - loss(moved)) / (2 * step)
    }
  }

  private func activated(_ x: Double) -> Double {
    switch activation {
    case .relu: max(0, x)
    case .tanh: tanh(x)
    case .gelu: x * 0.5 * (1 + erf(x / 2.0.squareRoot()))
    case .sigmoid: 1 / (1 + exp(-x))
    }
  }

  private func loss(_ row: Int, _ z: [Double]) -> Double {
    switch sample.kind {
    case .binary: log1p(exp(-abs(z[0]))) + max(z[0], 0) - z[0] * Double(sample.labels[row])
    case .classes: log(z.reduce(0) { $0 + exp($1) }) - z[Int(sample.labels[row])]
    default:
      z.indices.reduce(0) { sum, j in
        let error = z[j] - Double(sample.numbers[row * z.count + j])
        return sum + error * error / Double(z.count)
      }
    }
  }

  private func squaredWeights(_ parameters: [Double]) -> Double {
    var offset = 0
    var sum = 0.0
    for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
      for value in parameters[offset..<offset + inputs * outputs] { sum += value * value }
      offset += (inputs + 1) * outputs
    }
    return sum
  }
}
