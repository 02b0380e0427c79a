import PluginHost
import Training

/// One instance that a run will create: which component, under which name, with which options. Nothing in it is
/// left open.
public struct PlannedInstance: Sendable {
  public var component: ComponentDescription
  /// Unique among the instances of its kind; state, random streams, logs and the summary use it.
  public var name: String
  public var options: [String: PluginHost.OptionValue]
  public var onError: LoopCallback.ErrorPolicy
  /// `nil`: it runs in this process.
  public var isolation: IsolationSettings?
  /// Of a monitor that an isolated plugin has added in the run.
  var adder: MonitorAdder?

  public init(
    component: ComponentDescription, name: String? = nil, options: [String: PluginHost.OptionValue],
    onError: LoopCallback.ErrorPolicy = .fail, isolation: IsolationSettings? = nil
  ) {
    self.component = component
    self.name = name ?? component.id
    self.options = options
    self.onError = onError
    self.isolation = isolation
  }

  /// As messages name it.
  var party: String { "\(component.kind.name) '\(name)'" }
}
