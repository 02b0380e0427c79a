import Training

/// How a search chooses the parameters of its trials.
public enum SearchStrategy: Sendable, Equatable {
  /// Every combination once; the last parameter changes fastest.
  case grid
  /// Each trial draws anew.
  case random
  case tpe(TPE)

  public var name: String {
    switch self {
    case .grid: "grid"
    case .random: "random"
    case .tpe: "tpe"
    }
  }

  /// Whether what trials gave changes what later ones are.
  public var learns: Bool { if case .tpe = self { true } else { false } }

  /// The parameters of a trial, by the trials that it may look at; `nil`: the grid is done.
  public func point(
    _ space: SearchSpace, trial: Int, seed: UInt64, after outcomes: [TrialOutcome], _ direction: Direction
  ) -> SearchPoint? {
    switch self {
    case .grid: space.gridPoint(trial)
    case .random: space.randomPoint(trial: trial, seed: seed)
    case .tpe(let tpe): tpe.point(space, trial: trial, seed: seed, after: outcomes, direction)
    }
  }
}
