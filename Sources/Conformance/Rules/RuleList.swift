import PluginHost

extension Rule {
  /// Every rule, in the order of the report.
  public static let all: [Rule] = loadRules + entryRules + resetRules + resumeRules + lifeCycleRules + kindRules
    + processRules + costRules + isolationRules

  static let kindRules = ModelRules.all + MonitorRules.all + DatasetRules.all

  static let resetRules: [Rule] = []
  static let resumeRules: [Rule] = []
  static let lifeCycleRules: [Rule] = []

  public static func named(_ id: String) -> Rule? { all.first { $0.id == id } }
}
