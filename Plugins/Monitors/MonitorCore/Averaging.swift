import PluginKit

/// How the values of several classes become one, in scikit-learn's words.
public enum Averaging: String, OptionChoice {
  /// `binary` in a binary task, else `macro`.
  case auto
  /// Class 1 alone.
  case binary
  /// The plain mean over classes.
  case macro
  /// Over all decisions at once.
  case micro
  /// The mean over classes, weighted by their targets.
  case weighted
  /// A metric for each class.
  case none

  public func resolved(for task: MeasuredTask, monitor: String) throws -> Averaging {
    if self == .auto { return task.kind == .binary ? .binary : .macro }
    guard self != .binary || task.kind == .binary else {
      throw PluginError(
        "\(monitor) has average: binary, and the task has \(task.classes) classes",
        help: "choose macro, micro, weighted or none")
    }
    return self
  }
}

/// How the curves of several classes become one value. A binary task has one curve, and nothing to average.
public enum CurveAveraging: String, OptionChoice {
  case macro, micro, weighted, none
}
