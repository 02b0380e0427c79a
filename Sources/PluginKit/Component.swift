/// What callbacks, models, monitors and datasets have in common.
///
/// A component is a class with declared options (`@Option`) and one struct, `Progress`, with everything that
/// a run can change. `reset()` assigns a fresh one; it has no default, so a component without it does not
/// compile.
public protocol Component: AnyObject {
  static var about: About { get }

  /// Makes an instance with default options. Cheap and without side effects: the SDK also calls it to read
  /// the declared options. The user's values are in place when `create(_:)` is called.
  init()

  /// Called once, when the options have their values: check what their ranges cannot say, ask for metrics.
  /// What is made here must depend on options alone.
  func create(_ host: Host) throws

  /// All that a run can change.
  associatedtype Progress: Codable = Stateless

  /// Saved in checkpoints and loaded from them, key by key. A key that a checkpoint lacks keeps its default.
  var progress: Progress { get set }
}

extension Component {
  public func create(_ host: Host) throws {}
}

/// The progress of a component that remembers nothing.
public struct Stateless: Codable, Sendable {
  public init() {}
}

extension Component where Progress == Stateless {
  public var progress: Stateless {
    get { Stateless() }
    set {}
  }
}

/// What a plugin throws: what went wrong, and what the user can do about it.
public struct PluginError: Error, CustomStringConvertible {
  public var message: String
  public var help: String?

  public init(_ message: String, help: String? = nil) {
    self.message = message
    self.help = help
  }

  public var description: String {
    guard let help else { return message }
    return message + "\nhelp: " + help
  }
}
