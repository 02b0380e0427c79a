import PluginHost

extension Rule {
  /// Every rule, in the order of the report.
  public static let all: [Rule] = resetRules + resumeRules + lifeCycleRules

  static let resetRules: [Rule] = []
  static let resumeRules: [Rule] = []
  static let lifeCycleRules: [Rule] = []

  public static func named(_ id: String) -> Rule? { all.first { $0.id == id } }
}
