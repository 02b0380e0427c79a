import PluginHost

extension Rule {
  static let isolationRules: [Rule] = [
    Rule(
      "isolated-equal",
      "In a process of its own the plugin shows the same effects and the same state as in the host's.",
      scope: .component([.callback]), level: .strict
    ) { _ in throw Skip("not available: this build has no isolation to compare with") }
  ]
}
