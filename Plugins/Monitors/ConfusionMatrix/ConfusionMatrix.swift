import MonitorCore
import PluginKit

/// Counts rows for each pair of true and predicted class: a file of the run, a list for loggers, and what can be
/// derived for callbacks to watch.
final class ConfusionMatrix: Monitor {
  static let about = About(
    id: "confusion-matrix", version: "0.1.0", summary: "Counts of true against predicted classes.")

  enum Normalize: String, OptionChoice { case none, target, prediction, all }

  @Option(
    "What the cells of file and list are divided by: the sum of their row (target), column or all cells.")
  var normalize = Normalize.none

  @Option("The file, in the run's folder; the validation pass puts val_ before its name. Empty: no file.")
  var file = "confusion_matrix.csv"

  @Option("A binary prediction above this is class 1.", range: "[0, 1]")
  var threshold = 0.5

  /// The task of the current run, and the pass so far. `reset()` starts a fresh one.
  struct Progress: Codable {
    var counts = ConfusionCounts()
    var isValidation = false
    /// Passes that have been written to the file.
    var passes = 0
  }
  var progress = Progress()

  private var balancedAccuracy = Metric.none
  /// True negatives, false positives, false negatives, true positives: the cells of a binary matrix in order.
  private var cells: [Metric] = []
  private var classNames: [String] = []
  private let reader = BatchReader()

  func create(_ host: Host) {
    balancedAccuracy = host.declare(prefix(host) + "balanced_accuracy", .max)
  }

  func reset() { progress = Progress() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    try progress.counts.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.binary, .classes]))
    classNames = MeasuredTask.partNames(task)
    cells = []
    if task.kind == .binary {
      let names: [(String, Direction)] = [
        ("true_negatives", .max), ("false_positives", .min), ("false_negatives", .min),
        ("true_positives", .max),
      ]
      cells = names.map { host.declare(prefix(host) + $0, $1) }
    }
  }

  func passBegin(_ pass: Pass) {
    progress.counts.clear()
    progress.isValidation = pass == .validation
  }

  func update(_ batch: Batch, prediction: TensorView) throws {
    let examples = try reader.read(batch, prediction, progress.counts.task)
    try progress.counts.add(examples, threshold: threshold)
  }

  func compute(_ host: Host) {
    let counts = progress.counts
    guard !counts.isEmpty else { return }
    if let value = counts.balancedAccuracy { host.publish(balancedAccuracy, value) }
    for (metric, value) in zip(cells, counts.values) { host.publish(metric, value) }
    let matrix = normalized(counts)
    host.publish(PublishedMetrics.baseName(host), list: matrix)
    // Outside a run, and in one that leaves no folder, there is no place for a file.
    guard !file.isEmpty, let run = host.run, !run.folder.isEmpty, let files = host.files else { return }
    let path = progress.isValidation ? MatrixFile.validationPath(file) : file
    var text = ""
    if progress.passes == 0 {
      files.start(path)
      text = MatrixFile.header(classNames)
    }
    files.append(path, text + MatrixFile.rows(matrix, classNames, pass: progress.passes))
    progress.passes += 1
  }

  func merge(_ other: ConfusionMatrix) throws { try progress.counts.merge(other.progress.counts) }

  /// Nothing, unless the instance has a name of its own: two of them then publish different metrics.
  private func prefix(_ host: Host) -> String {
    host.instanceName == Self.about.id ? "" : PublishedMetrics.baseName(host) + "_"
  }

  /// Cells by target, then prediction; 0 where the sum to divide by is 0.
  private func normalized(_ counts: ConfusionCounts) -> [Double] {
    let classes = 0..<counts.classes
    let values = counts.values
    func share(_ value: Double, _ sum: Double) -> Double { sum == 0 ? 0 : value / sum }
    switch normalize {
    case .none: return values
    case .all:
      let sum = values.reduce(0, +)
      return values.map { share($0, sum) }
    case .target:
      let sums = classes.map { target in classes.reduce(0) { $0 + values[target * classes.count + $1] } }
      return values.indices.map { share(values[$0], sums[$0 / classes.count]) }
    case .prediction:
      let sums = classes.map { column in classes.reduce(0) { $0 + values[$1 * classes.count + column] } }
      return values.indices.map { share(values[$0], sums[$0 % classes.count]) }
    }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(ConfusionMatrix.self, to: args, license: "Apache-2.0")
}
