/// What a search needs to remember of a trial that has ended, to propose and to judge others.
public struct TrialOutcome: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable {
    /// It has a value.
    case finished
    /// Ended at a rung; its value is the one it had there.
    case pruned
    /// An error, or no number for the objective.
    case failed
  }

  public var number: Int
  public var point: SearchPoint
  public var state: State
  /// Of the objective; `nil` for a failed one.
  public var value: Double?
  /// The objective at each rung that was reached, the lowest first; NaN where it had none.
  public var rungs: [Double]

  public init(number: Int, point: SearchPoint, state: State, value: Double?, rungs: [Double] = []) {
    self.number = number
    self.point = point
    self.state = state
    self.value = value
    self.rungs = rungs
  }
}
