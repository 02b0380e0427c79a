/// What was found out about a rule.
public struct Verdict: Sendable, Equatable {
  public enum Outcome: String, Sendable, CaseIterable {
    case passed, warning, failed, crashed, skipped

    /// Whether a check that comes to it fails.
    public var isFault: Bool { self == .failed || self == .crashed }
  }

  public var outcome: Outcome
  /// What is wrong, in a sentence that names the fault; why it was skipped; empty where all is well.
  public var summary: String
  /// How it shows: the shortest history and replay, what was expected and found. A line each.
  public var detail: [String]

  public init(_ outcome: Outcome, _ summary: String = "", detail: [String] = []) {
    self.outcome = outcome
    self.summary = summary
    self.detail = detail
  }

  public static let passed = Verdict(.passed)

  public static func failed(_ summary: String, detail: [String] = []) -> Verdict {
    Verdict(.failed, summary, detail: detail)
  }

  public static func warning(_ summary: String, detail: [String] = []) -> Verdict {
    Verdict(.warning, summary, detail: detail)
  }

  public static func skipped(_ reason: String) -> Verdict { Verdict(.skipped, reason) }
}
