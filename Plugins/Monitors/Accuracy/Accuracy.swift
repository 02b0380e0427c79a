import PluginKit

/// The share of rows whose most probable class is the true one, weighted where rows have weights.
///
/// Binary: class 1 where the probability is above `threshold`. Classes: the largest probability, the lowest
/// class among equals. A prediction that is NaN names no class, so its row is wrong.
final class Accuracy: Monitor {
  static let about = About(
    id: "accuracy", version: "0.1.0", summary: "The share of rows that are classified correctly.")

  @Option("A binary prediction above this is class 1.", range: "[0, 1]")
  var threshold = 0.5

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  struct Progress: Codable {
    var isBinary = false
    var correct = CompensatedSum()
    var total = CompensatedSum()
  }
  var progress = Progress()

  private var accuracy = Metric.none

  func create(_ host: Host) throws { accuracy = host.declare("accuracy", .max) }

  func reset() { progress = Progress() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    guard task.kind == .binary || task.kind == .classes else {
      throw PluginError(
        "accuracy serves binary and classes tasks, and this one is \(task.kind)",
        help: "take the monitor 'accuracy' out of the pipeline")
    }
    progress.isBinary = task.kind == .binary
  }

  func passBegin(_ pass: Pass) throws {
    progress.correct = CompensatedSum()
    progress.total = CompensatedSum()
  }

  func update(_ batch: Batch, prediction: TensorView) throws {
    guard let target = batch.target else {
      throw PluginError("a batch without targets", help: "accuracy needs the true classes")
    }
    let labels = try Labels(target, rows: batch.rows)
    if let weight = batch.weight, weight.type != .float32 || weight.count != batch.rows {
      throw PluginError("weights of \(weight.count) \(weight.type) values for \(batch.rows) rows of float32")
    }
    let width = try checkedWidth(prediction, rows: batch.rows)
    switch prediction.type {
    case .float32: count(prediction.floats, width, labels, batch)
    case .float64: count(prediction.doubles, width, labels, batch)
    default: throw PluginError("predictions of type \(prediction.type), and accuracy reads f32 and f64")
    }
  }

  func compute(_ host: Host) throws {
    let total = progress.total.value
    if total > 0 { host.publish(accuracy, progress.correct.value / total) }
  }

  func merge(_ other: Accuracy) throws {
    progress.correct.add(other.progress.correct)
    progress.total.add(other.progress.total)
  }

  /// Predictions in each row: 1 for a binary task.
  private func checkedWidth(_ prediction: TensorView, rows: Int) throws -> Int {
    let width = rows > 0 ? prediction.count / rows : 0
    let fits = prediction.count == rows * width && (progress.isBinary ? width == 1 : width > 1)
    guard fits || rows == 0 else {
      let expected = progress.isBinary ? "[\(rows)]" : "[\(rows), classes]"
      throw PluginError("predictions of shape \(prediction.shape.array), where \(expected) was expected")
    }
    return width
  }

  /// Row by row into the running sums, so that any split into batches gives the same bits.
  private func count<Value: BinaryFloatingPoint>(
    _ predictions: UnsafeMutableBufferPointer<Value>, _ width: Int, _ labels: Labels, _ batch: Batch
  ) {
    let weights = batch.weight?.floats
    var (correct, total) = (progress.correct, progress.total)
    for row in 0..<batch.rows {
      let start = row * width
      let predicted =
        progress.isBinary
        ? Self.binaryClass(Double(predictions[start]), threshold)
        : Self.largest(predictions[start..<start + width])
      let weight = weights.map { Double($0[row]) } ?? 1
      total.add(weight)
      if labels.isClass(predicted, at: row) { correct.add(weight) }
    }
    (progress.correct, progress.total) = (correct, total)
  }

  /// −1 where there is none.
  private static func binaryClass(_ probability: Double, _ threshold: Double) -> Int {
    probability.isNaN ? -1 : probability > threshold ? 1 : 0
  }

  @inline(__always) private static func largest<Value: BinaryFloatingPoint>(
    _ values: Slice<UnsafeMutableBufferPointer<Value>>
  ) -> Int {
    var best = -1
    var bestValue = -Value.infinity
    for (index, value) in values.enumerated() where value > bestValue || (best < 0 && value == bestValue) {
      best = index
      bestValue = value
    }
    return best
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(Accuracy.self, to: args, license: "Apache-2.0")
}
