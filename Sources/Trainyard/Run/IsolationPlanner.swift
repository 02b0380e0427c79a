import PluginHost

/// How the plugins of a run, or of a command line, are kept apart.
struct IsolationPlanner {
  /// Every plugin is isolated that does not say otherwise.
  let isolatesAll: Bool
  private var problems: [ConfigProblem] = []
  /// By the names of helpers that are shared.
  private var groups: [String: IsolationSettings] = [:]

  init(isolatesAll: Bool) { self.isolatesAll = isolatesAll }

  /// What a problem is about.
  struct Spot {
    var position: SourcePosition
    var place: String

    init(_ position: SourcePosition, _ place: String) {
      self.position = position
      self.place = place
    }
  }

  /// What was found wrong since it was last asked.
  mutating func takeProblems() -> [ConfigProblem] {
    defer { problems = [] }
    return problems
  }

  /// `nil`: it runs in this process.
  /// - Parameter otherwise: What the death of its helper does where nothing is said of it.
  mutating func settings(
    _ given: PluginConfig.IsolationConfig, _ kind: ComponentSpec.Kind, _ spot: Spot,
    otherwise: IsolationSettings.CrashPolicy
  ) -> IsolationSettings? {
    let place = given.place ?? (isolatesAll ? .own : .here)
    guard place != .here else {
      if let key = given.keyWithoutMeaningHere {
        refuse(
          "'\(key)' is about a helper process, and this \(kind.rawValue) has none",
          "add 'isolate: true', or take '\(key)' away", spot)
      }
      return nil
    }
    var settings = IsolationSettings()
    if case .group(let name) = place { settings.group = name }
    settings.onCrash = given.onCrash ?? otherwise
    if let seconds = given.deadline { settings.deadline = .milliseconds(Int64(min(seconds * 1000, 1e15))) }
    settings.allowsNetwork = given.network ?? false
    settings.memoryLimit = given.memoryLimit.map { UInt64($0) << 20 } ?? 0
    checkGroup(settings, spot)
    checkKind(kind, settings, spot)
    return settings
  }

  private mutating func refuse(_ what: String, _ help: String, _ spot: Spot) {
    problems.append(ConfigProblem(.conflict, what, at: spot.position, in: spot.place, help: help))
  }

  /// One helper has one set of rights.
  private mutating func checkGroup(_ settings: IsolationSettings, _ spot: Spot) {
    guard let name = settings.group else { return }
    let first = groups[name] ?? settings
    groups[name] = first
    guard first.allowsNetwork != settings.allowsNetwork || first.memoryLimit != settings.memoryLimit else {
      return
    }
    refuse(
      "the plugins of the helper '\(name)' differ in 'network' or 'memory_limit'",
      "give all of them the same, or helpers of their own", spot)
  }

  /// What cannot be done for a kind of plugin.
  private mutating func checkKind(
    _ kind: ComponentSpec.Kind, _ settings: IsolationSettings, _ spot: Spot
  ) {
    guard kind == .model || kind == .dataset else { return }
    if settings.group != nil {
      refuse("a \(kind.rawValue) has a helper of its own", "write 'isolate: true'", spot)
    }
    if settings.onCrash == .drop {
      refuse(
        "a run cannot go on without its \(kind.rawValue)", "write 'on_crash: fail' or 'on_crash: restart'",
        spot)
    }
  }
}
