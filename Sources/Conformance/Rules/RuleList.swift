import PluginHost

extension Rule {
  /// Every rule, in the order of the report.
  public static let all: [Rule] = [opens] + lifeCycleRules + resetRules + resumeRules

  public static func named(_ id: String) -> Rule? { all.first { $0.id == id } }

  /// Checked also where a library cannot be opened: then it says why.
  static let opens = Rule(
    "load-opens", "The host opens the library and takes what it says of itself.", scope: .library,
    level: .quick, deadline: .seconds(20)
  ) { context in
    do {
      _ = try context.calling("trainyard_plugin") { try context.library() }
      return .passed
    } catch let error as LoadError { return .failed(error.detail, detail: ["help: \(error.remedy)"]) }
  }
}
