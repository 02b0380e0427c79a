import MonitorCore
import PluginKit

/// The area under the receiver operating characteristic: how often a positive row has a higher score than a negative
/// one, a tie counting half.
///
/// Keeps the scores of the pass, since the order of all of them matters.
final class ROCAUC: Monitor {
  static let about = About(
    id: "roc-auc", version: "0.1.0",
    summary: "How often a row of a class is ranked above one of the others.")

  enum MultiClass: String, OptionChoice { case ovr, ovo }

  @Option("How the classes become one value; none: a metric for each class. No use in a binary task.")
  var average = CurveAveraging.macro

  @Option("ovr: each class against all others. ovo: each pair of classes, over their rows alone.")
  var multiClass = MultiClass.ovr

  /// The task of the current run, and the rows of the pass so far. `reset()` starts a fresh one.
  var progress = ScoredRows()

  private var metrics = PublishedMetrics()
  private let reader = BatchReader()

  func create(_ host: Host) throws {
    guard multiClass == .ovr || average == .macro || average == .weighted else {
      throw PluginError(
        "multi_class: ovo does not go with average: \(average.rawValue)", help: "choose macro or weighted")
    }
    if average != .none { metrics.declare(host, .max) }
  }

  func reset() { progress = ScoredRows() }

  func prepare(_ task: TaskDescription, _ host: Host) throws {
    progress.prepare(try MeasuredTask(task, for: Self.about.id, serves: [.binary, .classes]))
    guard average == .none else { return }
    if task.kind == .binary {
      metrics.declare(host, .max)
    } else {
      metrics.declare(host, .max, parts: MeasuredTask.partNames(task))
    }
  }

  func passBegin(_ pass: Pass) { progress.clear() }

  func update(_ batch: Batch, prediction: TensorView) throws {
    let examples = try reader.read(batch, prediction, progress.task)
    guard multiClass == .ovr || examples.weights == nil || progress.task.kind == .binary else {
      throw PluginError(
        "multi_class: ovo is not defined for rows with weights", help: "choose multi_class: ovr")
    }
    try progress.add(examples)
  }

  func compute(_ host: Host) throws {
    if multiClass == .ovo, progress.task.kind == .classes {
      let pairs = try progress.pairs(\.areaUnderROC)
      metrics.publish(host, MonitorCore.average(pairs, isWeighted: average == .weighted))
    } else {
      metrics.publish(host, try progress.values(average, \.areaUnderROC))
    }
  }

  func merge(_ other: ROCAUC) throws { try progress.merge(other.progress) }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(ROCAUC.self, to: args, license: "Apache-2.0")
}
