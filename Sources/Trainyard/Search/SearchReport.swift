import RunStore
import Training

/// What a search gave.
public struct SearchReport: Sendable {
  /// How a search ended.
  public enum Ending: String, Sendable {
    /// All trials have ended.
    case finished
    /// The time limit came first.
    case timeLimit = "time_limit"
    case interrupted
  }

  public var name: String
  public var ending: Ending
  public var objective: Objective
  /// In the order of their numbers, with those of earlier and other processes.
  public var trials: [SearchTrial]
  /// Of the search; `nil` where nothing was written.
  public var folder: String?
  /// The file of the store; `nil`: none.
  public var store: String?
  /// The config of the best trial, which `trainyard run` takes; `nil` where nothing was written or all trials failed.
  public var bestConfig: String?

  /// The finished trial with the best value, the first of equals.
  public var best: SearchTrial? { Self.best(of: trials, objective) }

  static func best(of trials: [SearchTrial], _ objective: Objective) -> SearchTrial? {
    ranking(of: trials, objective).first
  }

  /// Finished trials, the best first.
  public var ranking: [SearchTrial] { Self.ranking(of: trials, objective) }

  static func ranking(of trials: [SearchTrial], _ objective: Objective) -> [SearchTrial] {
    let sign = objective.direction == .max ? -1.0 : 1.0
    return trials.filter { $0.state == .finished && $0.value != nil }.sorted {
      (sign * ($0.value ?? 0), $0.number) < (sign * ($1.value ?? 0), $1.number)
    }
  }

  public func count(_ state: TrialState) -> Int { trials.count { $0.state == state } }
}
