/// How an instance that runs in a helper process is run.
public struct IsolationSettings: Sendable, Hashable {
  /// What happens when the helper crashes, hangs or breaks the protocol while the instance is called.
  public enum CrashPolicy: String, Sendable, CaseIterable {
    /// The run ends.
    case fail
    /// The run goes on without the instance.
    case drop
    /// A new helper takes its place, with the instance as it was; a model is as it was at the run's last checkpoint.
    case restart
  }

  /// Instances of one group share a helper; `nil`: it has one of its own.
  public var group: String?
  public var onCrash = CrashPolicy.fail
  /// Of each call; `create` may take four times as long.
  public var deadline = Duration.seconds(30)
  public var allowsNetwork = false
  /// The most bytes of memory that the helper may have of its own; 0: half of the machine's.
  public var memoryLimit: UInt64 = 0

  public init() {}
}

/// A helper that died, hung or broke the protocol, and what became of the instance that was being called.
public struct HelperIncident: Sendable, Equatable {
  /// The instance's name in the run.
  public var instance: String
  public var kind: PluginKind
  /// Such as `on_epoch_end`.
  public var call: String
  /// "crashed: signal 11 (SIGSEGV)".
  public var what: String
  /// What was done about it.
  public var policy: IsolationSettings.CrashPolicy
}

/// An isolated instance is gone, and the call that was running did not happen.
public struct HelperFailure: Error, Sendable, Equatable, CustomStringConvertible {
  public var incident: HelperIncident
  public var help: String

  public var description: String { "its helper process \(incident.what)" }
}
