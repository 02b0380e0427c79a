import MonitorCore
import PluginKit

/// How far confidence is from correctness: the gap between the two in bins of equal width, averaged over rows.
///
/// Binary: the probability of class 1 against how often it is the class. Classes: the largest probability against
/// how often its class is the true one.
final class CalibrationError: Monitor {
  static let about = About(
    id: "calibration-error", version: "0.1.0",
    summary: "The gap between confidence and correctness, in bins.")

  enum Norm: String, OptionChoice { case l1, l2, max }

  @Option("Bins of equal width from 0 to 1.", range: "[1, 10000]")
  var bins = 15

  @Option("l1: the mean gap (ECE). l2: the root of the mean squared gap. max: the largest gap (MCE).")
  var norm = Norm.l1

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  var progress = CalibrationBins(bins: 0)

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) {
    metrics.declare(host, .min)
    reset()
  }

  func reset() { progress = CalibrationBins(bins: bins) }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    let measured = try MeasuredTask(task, for: Self.about.id, serves: [.binary, .classes])
    progress.prepare(measured, bins: bins)
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    try progress.add(try reader.read(batch, prediction, progress.task))
  }

  func compute(_ host: Host) {
    guard let gaps = progress.gaps else { return }
    let value =
      switch norm {
      case .l1: gaps.reduce(0) { $0 + $1.share * $1.gap }
      case .l2: gaps.reduce(0) { $0 + $1.share * $1.gap * $1.gap }.squareRoot()
      case .max: gaps.reduce(0) { $1.gap.isNaN ? $1.gap : Swift.max($0, $1.gap) }
      }
    metrics.publish(host, value)
  }

  func merge(_ other: CalibrationError) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(CalibrationError.self, to: args, license: "Apache-2.0")
}
