import PluginKit

/// A monitor of Trainyard. `swift build` builds it, `swift test` proves that it keeps the contract.
///
/// As it stands it measures how far predictions are from the truth: the weighted mean of |target − prediction|, where
/// for classes it is 1 − the probability of the true class. Replace what it measures; keep how it is laid out: all that
/// a run can change lives in `Progress`, and sums, unlike means of batches, do not depend on the batch size.
final class {{Type}}: Monitor {
  static let about = About(
    id: "{{id}}", version: "0.1.0", summary: "The mean distance between prediction and truth.")

  struct Progress: Codable {
    var task = TaskKind.regression
    /// Classes, or numbers in a target.
    var width = 1
    var sum = 0.0
    var weight = 0.0
  }
  var progress = Progress()

  private var metric = Metric.none

  /// The host puts `val_` before the name for the instance that serves validation.
  func create(_ host: Host) { metric = host.declare("{{name}}", .min) }

  func reset() { progress = Progress() }

  /// Once a run: what the data asks of the model.
  func prepare(_ task: TaskDescription, _ host: Host) throws {
    guard task.kind != .ranking else { throw PluginError("{{id}} does not serve ranking") }
    progress.task = task.kind
    progress.width = task.kind == .binary ? 1 : max(1, task.outputWidth)
  }

  func passBegin(_ pass: Pass) {
    progress.sum = 0
    progress.weight = 0
  }

  func update(_ batch: Batch, prediction: TensorView) {
    // Without targets there is nothing to compare with.
    guard let target = batch.target else { return }
    for row in 0..<batch.rows {
      let weight = batch.weight.map { $0.value(at: row) } ?? 1
      progress.sum += weight * distance(target, prediction, row)
      progress.weight += weight
    }
  }

  private func distance(_ target: TensorView, _ prediction: TensorView, _ row: Int) -> Double {
    let width = progress.width
    switch progress.task {
    case .binary, .ranking: return abs(target.value(at: row) - prediction.value(at: row))
    case .classes:
      let label = Int(target.value(at: row))
      return (0..<width).contains(label) ? 1 - prediction.value(at: row * width + label) : 1
    case .regression:
      var sum = 0.0
      for index in row * width..<(row + 1) * width {
        sum += abs(target.value(at: index) - prediction.value(at: index))
      }
      return sum / Double(width)
    }
  }

  /// What is not defined, as here without rows, is not published.
  func compute(_ host: Host) {
    if progress.weight > 0 { host.publish(metric, progress.sum / progress.weight) }
  }

  func merge(_ other: {{Type}}) {
    progress.sum += other.progress.sum
    progress.weight += other.progress.weight
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export({{Type}}.self, to: args)
}
