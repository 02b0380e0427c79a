/// In the helper: the components of monitors that instances have added. They are not among those that a library lists,
/// so only the process that was handed them can make instances of them.
final class AddedMonitors {
  private var components: [String: [String: ComponentDescription]] = [:]

  /// - Parameter owner: The address of the instance that has added it.
  subscript(owner: String, name: String) -> ComponentDescription? {
    get { components[owner]?[name] }
    set { components[owner, default: [:]][name] = newValue }
  }
}
