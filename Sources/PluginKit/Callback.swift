import CTrainyard

/// Watches a run and acts on it through the event's effects.
///
/// Implement the hooks you need, and `reset()`. A hook that is not implemented is not in the library's table:
/// the host does not even build its event. Every hook has the form `func onEpochEnd(_ event: Event) throws`.
///
/// Order: `create` once; then for each run `reset` → `onTrainBegin` → … → `onTrainEnd`. `onTrainBegin` clears
/// nothing: on a resumed run the state has been loaded before it.
public protocol Callback: Exportable {
  /// Makes the instance observably a new one with the same options. Legal at any time after `create`.
  func reset() throws

  // The result types tell, at compile time, which hooks a class implements: a hook of its own returns Void,
  // the default returns NotImplemented.
  associatedtype TrainBegin
  associatedtype TrainEnd
  associatedtype EpochBegin
  associatedtype EpochEnd
  associatedtype BatchBegin
  associatedtype BatchEnd
  associatedtype OptimizerStep
  associatedtype ValidationBegin
  associatedtype ValidationEnd
  associatedtype ValidationBatchBegin
  associatedtype ValidationBatchEnd
  associatedtype Exception

  func onTrainBegin(_ event: Event) throws -> TrainBegin
  /// Always called when `onTrainBegin` succeeded, also after an error. When `event.outcome` is `interrupted`
  /// or `failed`, release what you hold and change no weights.
  func onTrainEnd(_ event: Event) throws -> TrainEnd
  func onEpochBegin(_ event: Event) throws -> EpochBegin
  /// After validation, with every metric of the epoch.
  func onEpochEnd(_ event: Event) throws -> EpochEnd
  func onBatchBegin(_ event: Event) throws -> BatchBegin
  /// `loss` is this batch's own.
  func onBatchEnd(_ event: Event) throws -> BatchEnd
  func onOptimizerStep(_ event: Event) throws -> OptimizerStep
  func onValidationBegin(_ event: Event) throws -> ValidationBegin
  func onValidationEnd(_ event: Event) throws -> ValidationEnd
  func onValidationBatchBegin(_ event: Event) throws -> ValidationBatchBegin
  func onValidationBatchEnd(_ event: Event) throws -> ValidationBatchEnd
  /// An error ended the run; `event.text` has its words. `onTrainEnd(failed)` follows.
  func onException(_ event: Event) throws -> Exception

  // The hooks that run in every batch, without a result. Written by the extension below in the plugin's own module, where
  // the result's type is known; here it would have to be looked up at run time, in each call.
  func _callBatchBegin(_ event: Event) throws
  func _callBatchEnd(_ event: Event) throws
  func _callOptimizerStep(_ event: Event) throws
  func _callValidationBatchBegin(_ event: Event) throws
  func _callValidationBatchEnd(_ event: Event) throws
}

extension Callback {
  @inlinable public func _callBatchBegin(_ event: Event) throws { _ = try onBatchBegin(event) }
  @inlinable public func _callBatchEnd(_ event: Event) throws { _ = try onBatchEnd(event) }
  @inlinable public func _callOptimizerStep(_ event: Event) throws { _ = try onOptimizerStep(event) }
  @inlinable public func _callValidationBatchBegin(_ event: Event) throws {
    _ = try onValidationBatchBegin(event)
  }
  @inlinable public func _callValidationBatchEnd(_ event: Event) throws {
    _ = try onValidationBatchEnd(event)
  }
}

/// The result of a hook that a callback does not implement.
public enum NotImplemented: Sendable { case notImplemented }

extension Callback {
  public func onTrainBegin(_ event: Event) -> NotImplemented { .notImplemented }
  public func onTrainEnd(_ event: Event) -> NotImplemented { .notImplemented }
  public func onEpochBegin(_ event: Event) -> NotImplemented { .notImplemented }
  public func onEpochEnd(_ event: Event) -> NotImplemented { .notImplemented }
  public func onBatchBegin(_ event: Event) -> NotImplemented { .notImplemented }
  public func onBatchEnd(_ event: Event) -> NotImplemented { .notImplemented }
  public func onOptimizerStep(_ event: Event) -> NotImplemented { .notImplemented }
  public func onValidationBegin(_ event: Event) -> NotImplemented { .notImplemented }
  public func onValidationEnd(_ event: Event) -> NotImplemented { .notImplemented }
  public func onValidationBatchBegin(_ event: Event) -> NotImplemented { .notImplemented }
  public func onValidationBatchEnd(_ event: Event) -> NotImplemented { .notImplemented }
  public func onException(_ event: Event) -> NotImplemented { .notImplemented }
}
