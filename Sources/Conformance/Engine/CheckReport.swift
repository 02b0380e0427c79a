import PluginHost

/// What was opened, as far as a report needs it.
public struct LibraryReport: Sendable, Equatable {
  public struct Component: Sendable, Equatable {
    public var id: String
    public var kind: PluginKind
    public var version: String
  }

  /// Absolute.
  public var path: String
  public var components: [Component]

  init(path: String, components: [Component] = []) {
    self.path = path
    self.components = components
  }

  init(path: String, fields: [String]) {
    self.path = path
    components = stride(from: 0, to: fields.count - 2, by: 3).compactMap { index in
      UInt32(fields[index + 1]).flatMap(PluginKind.init(rawValue:)).map {
        Component(id: fields[index], kind: $0, version: fields[index + 2])
      }
    }
  }
}

/// What came of one rule.
public struct CheckResult: Sendable {
  /// The id of the component; `nil`: the rule is about the library.
  public var component: String?
  public var rule: Rule
  public var verdict: Verdict
  public var seconds: Double
}

/// What came of a whole check.
public struct CheckReport: Sendable {
  /// As the user wrote it.
  public var reference: String
  public var library: LibraryReport
  public var level: Rule.Level
  public var seed: UInt64
  /// Ids that the user did not want checked.
  public var skipped: [String]
  public var results: [CheckResult] = []

  public func count(_ outcome: Verdict.Outcome) -> Int {
    results.count { $0.verdict.outcome == outcome }
  }

  /// Whether no rule failed and nothing crashed.
  public var isClean: Bool { !results.contains { $0.verdict.outcome.isFault } }
}
