/// Where a run's effects on the world go: files, console, recording. The loop decides when; the target decides
/// how.
public protocol RunTarget: AnyObject {
  func log(_ level: LogLevel, _ text: String, from part: String)
  func status(_ text: String, from part: String)

  // Files of the run. An error becomes the error of the hook that asked.
  func startFile(_ path: String) throws
  func appendFile(_ path: String, _ bytes: [UInt8]) throws
  func removeFile(_ path: String) throws
  func saveWeights(_ weights: [NamedTensor], to path: String) throws

  /// Whether a checkpoint is due. Asked wherever a run can be left: between batches and between epochs.
  func isCheckpointDue(at position: RunPosition, step: Int) -> Bool
  /// Keeps what `trainer.state()` gives. Called where a run can be left, once every callback of the hook has run.
  func checkpoint(_ trainer: Trainer, because reason: CheckpointReason) throws

  /// Whether `record` wants this hook.
  func records(_ hook: Hook) -> Bool
  /// The host's event as it was before the callbacks saw it.
  func record(_ event: EventFrame)
  /// What one callback asked for.
  func record(_ effects: [Effect], by callback: String, in hook: Hook)

  /// An epoch is complete, with all its metrics.
  func epochEnded(_ epoch: Epoch) throws
}

/// A run without a folder or a console.
open class SilentTarget: RunTarget {
  public init() {}
  open func log(_ level: LogLevel, _ text: String, from part: String) {}
  open func status(_ text: String, from part: String) {}
  open func startFile(_ path: String) throws {}
  open func appendFile(_ path: String, _ bytes: [UInt8]) throws {}
  open func removeFile(_ path: String) throws {}
  open func saveWeights(_ weights: [NamedTensor], to path: String) throws {}
  open func isCheckpointDue(at position: RunPosition, step: Int) -> Bool { false }
  open func checkpoint(_ trainer: Trainer, because reason: CheckpointReason) throws {}
  open func records(_ hook: Hook) -> Bool { false }
  open func record(_ event: EventFrame) {}
  open func record(_ effects: [Effect], by callback: String, in hook: Hook) {}
  open func epochEnded(_ epoch: Epoch) throws {}
}
