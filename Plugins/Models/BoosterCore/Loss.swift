import Glibc
import PluginKit

/// What the loss of a pass is, from activated predictions: Σwl/Σw.
public enum LossKind: Sendable, Equatable {
  /// −log of the probability of the class that is there.
  case crossEntropy
  case squared, absolute, squaredLog
  case poisson, gamma
  /// The powers are between 1 and 2.
  case tweedie(Double)
  case quantile(Double)
  /// Half the square near 0, straight beyond `slope`.
  case huber(Double)
  /// 1 − NDCG, the mean over groups.
  case ranking

  /// Of one number.
  fileprivate func callAsFunction(_ p: Double, _ y: Double) -> Double {
    switch self {
    case .absolute: return abs(p - y)
    case .squaredLog:
      let difference = log1p(max(p, -1 + 1e-6)) - log1p(y)
      return difference * difference
    case .poisson: return p - y * log(max(p, 1e-16)) + lgamma(y + 1)
    case .gamma: return y / max(p, 1e-16) + log(max(p, 1e-16))
    case .tweedie(let power):
      let p = max(p, 1e-16)
      return pow(p, 2 - power) / (2 - power) - y * pow(p, 1 - power) / (1 - power)
    case .quantile(let level): return y >= p ? level * (y - p) : (1 - level) * (p - y)
    case .huber(let slope):
      let difference = abs(p - y)
      return difference <= slope ? 0.5 * difference * difference : slope * (difference - 0.5 * slope)
    case .crossEntropy, .squared, .ranking: return (p - y) * (p - y)
    }
  }
}

/// The loss over a batch and the weight that it has; NaN without a target.
func loss(
  _ kind: LossKind, _ task: TaskKind, _ batch: Batch, _ prediction: TensorView
) -> (loss: Double, weight: Double) {
  let rows = batch.rows
  let width = prediction.width
  let weights = batch.weight.flatMap { $0.type == .float32 && $0.count == rows ? $0.floats : nil }
  func weight(_ row: Int) -> Double { weights.map { Double($0[row]) } ?? 1 }
  let total = weights == nil ? Double(rows) : (0..<rows).reduce(0.0) { $0 + weight($1) }
  let targets = rows * (task == .regression ? width : 1)
  guard let target = batch.target, target.count == targets else { return (.nan, total) }
  if let classes = target.type == .int32 ? target.int32s : nil, task == .binary || task == .classes {
    let sum =
      prediction.type == .float64
      ? crossEntropy(prediction.doubles, classes, weights, width, isBinary: task == .binary)
      : crossEntropy(prediction.floats, classes, weights, width, isBinary: task == .binary)
    return (total > 0 ? sum / total : .nan, total)
  }
  if kind == .ranking { return (rankingLoss(batch, target, prediction), total) }
  var sum = 0.0
  for row in 0..<rows {
    let own: Double
    switch task {
    case .binary:
      let p = prediction.value(at: row)
      own = -log(max(target.value(at: row) > 0.5 ? p : 1 - p, 1e-16))
    case .classes:
      let label = Int(exactly: target.value(at: row)) ?? -1
      own = (0..<width).contains(label) ? -log(max(prediction.value(at: row * width + label), 1e-16)) : .nan
    case .regression, .ranking:
      var mean = 0.0
      for output in 0..<width {
        mean += kind(prediction.value(at: row * width + output), target.value(at: row * width + output))
      }
      own = mean / Double(max(1, width))
    }
    // A row without weight counts for nothing, whatever is predicted for it.
    let w = weight(row)
    if w != 0 { sum += w * own }
  }
  return (total > 0 ? sum / total : .nan, total)
}

/// Σwl over rows of class numbers: what most runs are asked for in each round, without a look at types row by row.
private func crossEntropy<Value: BinaryFloatingPoint>(
  _ prediction: UnsafeMutableBufferPointer<Value>, _ classes: UnsafeMutableBufferPointer<Int32>,
  _ weights: UnsafeMutableBufferPointer<Float>?, _ width: Int, isBinary: Bool
) -> Double {
  var sum = 0.0
  for row in classes.indices {
    let weight = weights.map { Double($0[row]) } ?? 1
    if weight == 0 { continue }
    let label = Int(classes[row])
    let p: Double
    if isBinary {
      let positive = Double(prediction[row])
      p = label > 0 ? positive : 1 - positive
    } else {
      p = (0..<width).contains(label) ? Double(prediction[row * width + label]) : .nan
    }
    // The order matters: of a NaN and a number, max gives the number.
    sum -= weight * (p.isNaN ? p : log(max(p, 1e-16)))
  }
  return sum
}

/// 1 − NDCG with gains of 2^y − 1, the mean over groups; a group without a good order counts as well ordered.
private func rankingLoss(_ batch: Batch, _ target: TensorView, _ prediction: TensorView) -> Double {
  var members: [Int64: [Int]] = [:]
  let group = batch.group.flatMap { $0.type == .int64 && $0.count == batch.rows ? $0.int64s : nil }
  for row in 0..<batch.rows { members[group.map { $0[row] } ?? 0, default: []].append(row) }
  // In the order of groups: a sum does not depend on how a table is laid out.
  let sum = members.sorted { $0.key < $1.key }.reduce(0.0) { sum, entry in
    let rows = entry.value
    func gain(_ order: [Int]) -> Double {
      order.enumerated().reduce(0.0) {
        $0 + (exp2(target.value(at: $1.element)) - 1) / log2(Double($1.offset + 2))
      }
    }
    let best = gain(rows.sorted { target.value(at: $0) > target.value(at: $1) })
    guard best > 0 else { return sum }
    let found = gain(
      rows.sorted {
        let (a, b) = (prediction.value(at: $0), prediction.value(at: $1))
        return a == b ? $0 < $1 : a > b
      })
    return sum + 1 - found / best
  }
  return members.isEmpty ? .nan : sum / Double(members.count)
}
