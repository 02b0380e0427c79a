import PluginKit

/// Reads batches as Doubles, whatever types they come in, in memory that is kept from batch to batch.
public final class BatchReader {
  private let predictions = DoubleMemory()
  private let targets = DoubleMemory()
  private let weights = DoubleMemory()

  public init() {}

  /// A batch whose shapes fit the task. Valid until the next call, and as long as the batch is.
  public func read(
    _ batch: Batch, _ prediction: TensorView, _ task: MeasuredTask
  ) throws -> Examples {
    guard task.width > 0 else { throw PluginError("a batch before the monitor was prepared for a task") }
    guard let target = batch.target else {
      throw PluginError("a batch without targets", help: "monitors measure predictions against targets")
    }
    let rows = batch.rows
    let width = task.width
    let targetWidth = task.kind == .regression ? width : 1
    guard rows >= 0, prediction.count == rows * width else {
      throw PluginError(
        "predictions of shape \(prediction.shape.array), where \(shape(rows, width)) was expected")
    }
    guard target.count == rows * targetWidth else {
      throw PluginError(
        "targets of shape \(target.shape.array), where \(shape(rows, targetWidth)) was expected")
    }
    guard prediction.type == .float32 || prediction.type == .float64 else {
      throw PluginError("predictions of type \(prediction.type), and monitors read f32 and f64")
    }
    if let weight = batch.weight {
      guard weight.count == rows, weight.type == .float32 || weight.type == .float64 else {
        throw PluginError(
          "weights of shape \(weight.shape.array) and type \(weight.type), where [\(rows)] of f32 or f64 was "
            + "expected")
      }
    }
    let examples = Examples(
      rows: rows, width: width, predictions: predictions.read(prediction), targets: targets.read(target),
      weights: batch.weight.map { weights.read($0) }, isSinglePrecision: prediction.type == .float32)
    if task.classes > 0 { try checkClasses(examples, task.classes) }
    return examples
  }

  private func shape(_ rows: Int, _ width: Int) -> String { width == 1 ? "[\(rows)]" : "[\(rows), \(width)]" }

  /// Before anything is added, so that a refused batch leaves no trace.
  private func checkClasses(_ examples: Examples, _ classes: Int) throws {
    for row in 0..<examples.rows {
      let target = examples.targets[row]
      guard target >= 0, target < Double(classes), target == target.rounded(.towardZero) else {
        throw PluginError(
          "target \(target) in row \(row) of a batch is none of the classes 0 to \(classes - 1)")
      }
    }
  }
}

/// The rows of a batch as a measure reads them.
public struct Examples {
  public let rows: Int
  /// Predictions in each row.
  public let width: Int
  /// `[rows, width]`.
  public let predictions: UnsafeBufferPointer<Double>
  /// `[rows]`, or `[rows, width]` for a regression.
  public let targets: UnsafeBufferPointer<Double>
  public let weights: UnsafeBufferPointer<Double>?
  /// Whether predictions came as f32.
  public let isSinglePrecision: Bool

  /// 1 where rows have no weights.
  @inlinable @inline(__always) public func weight(_ row: Int) -> Double { weights.map { $0[row] } ?? 1 }

  /// Of a binary or classes task, where the reader has checked it.
  @inlinable @inline(__always) public func trueClass(_ row: Int) -> Int { Int(targets[row]) }

  /// The class that a row's prediction names: in a binary task 1 above `threshold`, else the largest, the lowest
  /// among equals. −1 where a prediction is NaN.
  @inlinable @inline(__always) public func predictedClass(_ row: Int, threshold: Double) -> Int {
    if width == 1 {
      let probability = predictions[row]
      return probability.isNaN ? -1 : probability > threshold ? 1 : 0
    }
    let start = row * width
    var best = 0
    for column in 0..<width {
      let value = predictions[start + column]
      if value.isNaN { return -1 }
      if value > predictions[start + best] { best = column }
    }
    return best
  }
}

/// Doubles that grow with the largest batch.
private final class DoubleMemory {
  private var memory = UnsafeMutableBufferPointer<Double>.allocate(capacity: 0)

  deinit { memory.deallocate() }

  /// The tensor's own memory where it holds Doubles, else a copy.
  func read(_ view: TensorView) -> UnsafeBufferPointer<Double> {
    if view.type == .float64 { return UnsafeBufferPointer(view.doubles) }
    if memory.count < view.count {
      memory.deallocate()
      memory = .allocate(capacity: view.count)
      memory.initialize(repeating: 0)
    }
    switch view.type {
    case .float32: copy(view.floats)
    case .int32: copy(view.int32s)
    case .int64: copy(view.int64s)
    case .uint8: copy(view.bytes)
    case .float64: break
    }
    return UnsafeBufferPointer(rebasing: memory[..<view.count])
  }

  private func copy(_ values: UnsafeMutableBufferPointer<Float>) {
    for index in values.indices { memory[index] = Double(values[index]) }
  }

  private func copy<Value: BinaryInteger>(_ values: UnsafeMutableBufferPointer<Value>) {
    for index in values.indices { memory[index] = Double(values[index]) }
  }
}
