import CTrainyard

/// A call of a plugin that did not succeed, in the plugin's own words.
public struct PluginFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The instance's name in the run.
  public var instance: String
  /// The id of its component.
  public var component: String
  /// The function that was called, such as `on_epoch_end`.
  public var call: String
  /// What the plugin said, or what the host found wrong with its answer.
  public var words: String
  /// The status that the call returned; `TY_OK` where the answer itself was wrong.
  public var code: Int32

  public init(instance: String, component: String, call: String, words: String, code: Int32 = TY_FAILED) {
    self.instance = instance
    self.component = component
    self.call = call
    self.words = words
    self.code = code
  }

  public var description: String { "plugin '\(instance)' failed in \(call): \(words)" }
}

/// A use of an instance that the contract does not allow: a mistake of the host or of who embeds it.
public enum HostError: Error, Equatable, Sendable, CustomStringConvertible {
  case outOfOrder(instance: String, call: String, state: InstanceState)
  case otherKind(component: String, found: PluginKind, expected: PluginKind)
  case noSuchOption(component: String, key: String)
  case missingOption(component: String, key: String)
  case wrongOption(component: String, key: String, fault: String)
  case wrongArgument(instance: String, call: String, reason: String)

  public var description: String {
    switch self {
    case .outOfOrder(let instance, let call, let state):
      "'\(instance)' cannot be asked for \(call) while it is \(state)"
    case .otherKind(let component, let found, let expected):
      "'\(component)' is a \(found.name), and a \(expected.name) is needed"
    case .noSuchOption(let component, let key): "'\(component)' has no option '\(key)'"
    case .missingOption(let component, let key): "'\(component)' needs the option '\(key)'"
    case .wrongOption(let component, let key, let fault):
      "the option '\(key)' of '\(component)' \(fault)"
    case .wrongArgument(let instance, let call, let reason): "'\(instance)', \(call): \(reason)"
    }
  }
}
