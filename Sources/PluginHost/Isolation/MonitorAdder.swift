/// An instance in a helper that has added a monitor. The monitor can be made in that helper and nowhere else.
public struct MonitorAdder: Sendable, Hashable {
  /// Of the helper's group.
  public let group: Int
  /// The instance in it.
  let address: String

  public init(_ owner: RemoteInstance) {
    group = owner.groupNumber
    address = owner.address
  }
}

extension RemoteMonitor {
  /// A monitor that an instance of the group has added.
  public convenience init(
    _ group: HelperGroup, of adder: MonitorAdder, component: ComponentDescription, name: String,
    settings: IsolationSettings, services: any HostServices
  ) throws {
    try self.init(
      group, component: component, name: name, options: [:], settings: settings, services: services,
      owner: adder.address)
  }
}
