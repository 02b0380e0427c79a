/// What a study does.
public enum StudyKind: String, Sendable, CaseIterable {
  /// One training.
  case run
  case crossValidation = "cross_validation"
  case search
}

/// Which way an objective or a metric improves.
public enum StudyDirection: String, Sendable, CaseIterable {
  case min, max
}

/// Where a trial stands.
public enum TrialState: String, Sendable, CaseIterable {
  /// Nobody works on it.
  case waiting
  case running
  case finished
  /// Ended early because others were better.
  case pruned
  case failed
  /// Left in the middle; it can be claimed again.
  case interrupted

  /// Whether it will not change any more.
  public var isFinal: Bool {
    switch self {
    case .waiting, .running, .interrupted: false
    case .finished, .pruned, .failed: true
    }
  }
}

/// A study: one training, a cross-validation, a search.
public struct StudyRecord: Sendable, Equatable {
  public var id: Int64 = 0
  /// Unique in its store.
  public var name: String
  public var kind: StudyKind
  /// Tells configs apart: a study goes on only with the config that it began with.
  public var configDigest: String
  /// The resolved config, JSON.
  public var config: String
  /// The metric that is best when it is least or greatest.
  public var objective: String?
  public var direction: StudyDirection?
  /// Unix time, milliseconds.
  public var created: Int64 = 0

  public init(
    name: String, kind: StudyKind, configDigest: String, config: String, objective: String? = nil,
    direction: StudyDirection? = nil
  ) {
    self.name = name
    self.kind = kind
    self.configDigest = configDigest
    self.config = config
    self.objective = objective
    self.direction = direction
  }

  var goal: String { objective.map { "\(direction?.rawValue ?? "") \($0)" } ?? "no objective" }
}

/// A trial: one set of parameters, and one fit or several with it.
public struct TrialRecord: Sendable, Equatable {
  public var id: Int64
  public var study: Int64
  /// From 0, in the order in which they were proposed.
  public var number: Int
  public var state: TrialState
  /// How often it was claimed: a claim of before is no longer good.
  public var attempt: Int
  /// JSON; `nil`: not proposed yet.
  public var parameters: String?
  /// The objective's value; NaN is a value.
  public var value: Double?
  public var seed: UInt64?
  public var error: String?
  /// Who works or worked on it, in the caller's words.
  public var worker: String?
  /// The process that claimed it.
  public var owner: ProcessIdentity?
  /// Unix time, milliseconds.
  public var started: Int64?
  public var ended: Int64?

  /// It says running, and the process that ran it is gone.
  public var isLost: Bool { state == .running && owner.map { !$0.isAlive } ?? true }
}

/// One fit of a trial.
public struct FitRecord: Sendable, Equatable {
  public var id: Int64 = 0
  /// Of successive halving: the stage, 0 where there are none.
  public var rung = 0
  /// Of repeated cross-validation.
  public var `repeat` = 0
  public var fold = 0
  public var seed: UInt64?
  /// The run's folder.
  public var folder: String?
  /// "finished", "stopped", "interrupted", "failed".
  public var outcome: String
  /// Why it ended, in a sentence.
  public var reason = ""
  /// The callback that asked to stop.
  public var stoppedBy: String?
  public var epochs = 0
  /// Optimizer steps.
  public var steps = 0
  public var seconds = 0.0
  /// What the fit gave for the study's objective.
  public var value: Double?
  public var error: String?

  public init(rung: Int = 0, repeat: Int = 0, fold: Int = 0, seed: UInt64? = nil, outcome: String) {
    self.rung = rung
    self.repeat = `repeat`
    self.fold = fold
    self.seed = seed
    self.outcome = outcome
  }
}

/// A metric at the end of an epoch. One that was absent has none.
public struct MetricRecord: Sendable {
  /// From 0.
  public var epoch: Int
  public var name: String
  /// NaN and infinities are values.
  public var value: Double

  public init(epoch: Int, name: String, value: Double) {
    self.epoch = epoch
    self.name = name
    self.value = value
  }
}
