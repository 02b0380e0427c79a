import PluginHost

/// One thing that the contract asks of a plugin, and how to find out whether it is so.
///
/// A rule is checked in a process of its own, which is killed at the deadline: it may crash, hang, and leave
/// whatever it likes behind.
public struct Rule: Sendable {
  /// What a rule looks at.
  public enum Scope: Sendable {
    /// The library as a whole: checked once for it.
    case library
    /// Components of these kinds: checked once for each.
    case component(Set<PluginKind>)
  }

  /// How much is run to find out.
  public enum Level: Int, Sendable, CaseIterable, Comparable {
    /// Nothing of the plugin but its entry.
    case quick
    /// Some seconds at most.
    case standard
    /// All that is known to go wrong.
    case strict

    public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    public var name: String { "\(self)" }
  }

  /// As users write it, and as `docs/check.md` lists it: `reset-trace`.
  public let id: String
  /// What is so where the rule is kept, as a sentence.
  public let sentence: String
  public let scope: Scope
  /// The lowest level at which it is checked.
  public let level: Level
  public let deadline: Duration
  /// Whether it compares traces: then it is told what the plugin measures and no event decides.
  public let comparesTraces: Bool
  /// Throws `Skip` where it cannot be found out, and anything else where the plugin fails in a way that breaks the rule.
  public let check: @Sendable (RuleContext) throws -> Verdict

  public init(
    _ id: String, _ sentence: String, scope: Scope, level: Level = .standard,
    deadline: Duration = .seconds(30),
    comparesTraces: Bool = false, check: @escaping @Sendable (RuleContext) throws -> Verdict
  ) {
    self.id = id
    self.sentence = sentence
    self.scope = scope
    self.level = level
    self.deadline = deadline
    self.comparesTraces = comparesTraces
    self.check = check
  }

  func applies(to kind: PluginKind) -> Bool {
    guard case .component(let kinds) = scope else { return false }
    return kinds.contains(kind)
  }
}

/// A rule cannot be checked here, and that is nobody's fault.
public struct Skip: Error {
  public var reason: String
  public init(_ reason: String) { self.reason = reason }
}
