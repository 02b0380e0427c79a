import MLPKernels
import PluginKit

/// The memory of one batch, checked against what the model was reset for.
struct Examples {
  private(set) var rows: Int
  let features: UnsafePointer<Float>
  /// Class numbers, for binary and classes tasks.
  private(set) var labels: UnsafePointer<Int32>?
  /// `[rows, width]`, for regression.
  private(set) var numbers: UnsafePointer<Float>?
  /// `nil`: all 1.
  private(set) var weights: UnsafePointer<Float>?
  private(set) var weightSum: Double

  var hasTarget: Bool { labels != nil || numbers != nil }

  init(_ batch: Batch, features width: Int, _ output: OutputLayer) throws {
    rows = batch.rows
    guard rows > 0, rows <= Int32.max else { throw PluginError("a batch has \(rows) rows") }
    let features = batch.features
    guard features.type == .float32, features.rows == rows, features.count == rows &* width else {
      throw PluginError("features are \(Self.words(features)), and should be float32 [\(rows), \(width)]")
    }
    self.features = UnsafePointer(features.base.assumingMemoryBound(to: Float.self))
    weightSum = Double(rows)
    if let target = batch.target { try read(target, output) }
    if let weight = batch.weight { try read(weights: weight) }
  }

  private mutating func read(_ target: TensorView, _ output: OutputLayer) throws {
    let classes: Int32
    switch output {
    case .linear(let width):
      guard target.type == .float32, target.count == rows &* width else {
        throw PluginError("the target is \(Self.words(target)), and should be float32 [\(rows), \(width)]")
      }
      numbers = UnsafePointer(target.base.assumingMemoryBound(to: Float.self))
      return
    case .logistic: classes = 2
    case .softmax(let count): classes = Int32(clamping: count)
    }
    guard target.type == .int32, target.count == rows else {
      throw PluginError("the target is \(Self.words(target)), and should be int32 [\(rows)]")
    }
    let labels = UnsafePointer(target.base.assumingMemoryBound(to: Int32.self))
    let row = mlp_find_bad_label(labels, rows, classes)
    guard row < 0 else {
      throw PluginError(
        "row \(row) of the batch has label \(labels[row]), and labels go from 0 to \(classes - 1)",
        help: "check the target column; a missing label must be dropped or filled")
    }
    self.labels = labels
  }

  private mutating func read(weights view: TensorView) throws {
    guard view.type == .float32, view.count == rows else {
      throw PluginError("the weights are \(Self.words(view)), and should be float32 [\(rows)]")
    }
    let weights = UnsafePointer(view.base.assumingMemoryBound(to: Float.self))
    weightSum = mlp_sum(weights, rows)
    guard weightSum >= 0, weightSum.isFinite else {
      throw PluginError(
        "the sample weights of a batch add up to \(weightSum)", help: "weights must be finite and 0 or more")
    }
    self.weights = weights
  }

  /// Some of the rows, for a loss. The features, which it does not look at, and the sum of all weights stay.
  func part(_ part: Range<Int>, _ output: OutputLayer) -> Examples {
    var some = self
    some.rows = part.count
    some.labels = labels.map { $0 + part.lowerBound }
    some.numbers = numbers.map { $0 + part.lowerBound &* output.width }
    some.weights = weights.map { $0 + part.lowerBound }
    return some
  }

  private static func words(_ view: TensorView) -> String { "\(view.type) \(view.shape.array)" }
}
