import CTrainyard

/// Measures a pass: a metric over predictions and targets, or a sample of something (memory, throughput).
///
/// The host keeps one instance for training and one for validation. Declare metrics in `create` or `prepare`;
/// the host puts `val_` before the names of the validation instance.
public protocol Monitor: Exportable {
  /// Samples the process at the end of a pass instead of measuring predictions; `update` is not called.
  static var isSample: Bool { get }

  func reset() throws

  /// Once a run: the task. A monitor that cannot serve it throws.
  func prepare(_ task: TaskDescription, _ host: Host) throws
  /// Clears what was accumulated.
  func passBegin(_ pass: Pass) throws
  /// Any split of a pass into batches must give the same result.
  func update(_ batch: Batch, prediction: TensorView) throws
  /// Publishes the values. One that is not defined is not published.
  func compute(_ host: Host) throws
  /// Adds what another instance with the same options has accumulated.
  func merge(_ other: Self) throws
}

extension Monitor {
  public static var isSample: Bool { false }
  public func prepare(_ task: TaskDescription, _ host: Host) throws {}
  public func update(_ batch: Batch, prediction: TensorView) throws {}
}
