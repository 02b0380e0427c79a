import Training

/// A search that cannot go on.
public struct SearchError: Error, CustomStringConvertible, Equatable, FailureWords {
  public enum Code: String, Sendable {
    /// The config has no section 'search'.
    case nothingToSearch
    /// A trial ran and did not report the objective.
    case noObjective
    /// The store has a trial that the search cannot have proposed.
    case foreignTrial
    /// The store has a search of that name with another config.
    case differentSearch
  }

  public var code: Code
  public var message: String
  public var help: String

  public init(_ code: Code, _ message: String, help: String) {
    self.code = code
    self.message = message
    self.help = help
  }

  public var description: String { message }
  public var failureWords: (message: String, help: String?) { (message, help) }

  static func noObjective(_ metric: String, among names: [String]) -> SearchError {
    SearchError(
      .noObjective, "the first trial has ended and reported no '\(metric)'",
      help: NearestName.help(for: metric, among: names, listed: "it reported"))
  }
}
