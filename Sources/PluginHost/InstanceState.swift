/// Where an instance is in its life.
///
///     create ─► created ─► ready ─► running ─► ended
///                  └─reset─► ▲ ◄─reset── from every state but destroyed
///     a call that fails ─► failed ─► reset, or the end of the run that it failed in
public enum InstanceState: UInt8, Sendable, CustomStringConvertible {
  /// Made, and not reset yet.
  case created
  /// Reset: as new.
  case ready
  /// A callback between `on_train_begin` and `on_train_end`; another kind once it has been used.
  case running
  /// `on_train_end` has been called.
  case ended
  /// A call has failed outside a run: only `reset` may follow.
  case failed
  /// A callback's hook has failed in a run: `on_exception` and `on_train_end` may still follow.
  case failedInRun
  case destroyed

  public var description: String {
    switch self {
    case .created: "not reset yet"
    case .ready: "ready"
    case .running: "running"
    case .ended: "at the end of its run"
    case .failed, .failedInRun: "failed"
    case .destroyed: "destroyed"
    }
  }

  public var isFailed: Bool { self == .failed || self == .failedInRun }

  static let live: [InstanceState] = [.created, .ready, .running, .ended, .failed, .failedInRun]
  /// After a reset and before a failure.
  static let whole: [InstanceState] = [.ready, .running, .ended]
}
