import PluginHost

/// An error that says where it came from, beside its words.
public protocol FailurePlace: Error {
  /// "plugin 'csv', in create".
  var failurePlace: String { get }
}

extension PluginFailure: FailurePlace {
  public var failurePlace: String { "plugin '\(instance)', in \(call)" }
}
