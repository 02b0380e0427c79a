import Glibc
import Synchronization
import Training

/// What the store knows of one run: that it has begun, and what came of it. The store never costs a run anything: where
/// it fails, that is a warning.
final class RunEntry: Sendable {
  private let path: String
  private let plan: Plan
  private let warn: Mutex<[String]>
  private let open: Mutex<Open?>
  /// Opening a store may wait for the disk, and the first batch does not wait for that.
  private let opening = Mutex<BackgroundThread?>(nil)

  /// The run's study and its one trial.
  private struct Open {
    var study: Study
    var trial: TrialRecord
  }

  init?(_ plan: Plan) {
    guard let path = plan.output.store, plan.output.folder != nil else { return nil }
    self.path = path
    self.plan = plan
    warn = Mutex([])
    open = Mutex(nil)
  }

  /// The study is called as the run's folder, which is new.
  func begin(folder: String) {
    let thread = BackgroundThread { self.write(folder) }
    opening.withLock { $0 = thread }
  }

  private func write(_ folder: String) {
    attempt {
      let store = try RunStore(path: path)
      let config = JSONWriter.compact(plan.resolved)
      let study = try store.replaceStudy(
        StudyRecord(
          name: try Self.freeName(for: folder, in: store), kind: .run, configDigest: RunStore.digest(config),
          config: config, objective: plan.data.validates ? "val_loss" : "loss", direction: .min))
      guard case .claimed(let trial) = try study.claim(0, parameters: "{}", seed: plan.training.seed) else {
        return
      }
      var fit = FitRecord(seed: plan.training.seed, outcome: Outcome.running.name)
      fit.folder = folder
      try study.record(fit, [], of: trial)
      open.withLock { $0 = Open(study: study, trial: trial) }
    }
  }

  /// A name that no other folder's run has. A run whose folder is gone leaves its name to this one.
  private static func freeName(for folder: String, in store: RunStore) throws -> String {
    let name = PathName.last(of: folder)
    for attempt in 1..<10_000 {
      let candidate = attempt == 1 ? name : "\(name)-\(attempt)"
      guard let study = try store.study(named: candidate) else { return candidate }
      guard study.record.kind == .run else { continue }
      let other = try study.trial(0).flatMap { try study.fits(of: $0).first?.folder }
      if other == nil || other == folder || !PathName.exists(other ?? "") { return candidate }
    }
    return name
  }

  /// All that came of it, in one transaction.
  func end(_ report: inout RunReport) {
    let run = report
    guard run.folder != nil else { return discard() }
    attempt {
      guard let open = takeOpen() else { return }
      let objective = open.study.record.objective ?? "loss"
      var fit = FitRecord(run.result, seed: plan.training.seed)
      fit.folder = run.folder
      fit.value = run.best(objective, .min)?.value ?? run.result.epochs.last?[objective]
      try open.study.setDirections(run.directions.compactMapValues(StudyDirection.init))
      try open.study.finish(
        open.trial, TrialState(run.result.outcome), value: fit.value, error: fit.error,
        fits: [(fit, MetricRecord.all(of: run.result))])
    }
    report.warnings += warnings
  }

  /// The run could not even begin, and its folder is gone.
  func discard() {
    attempt {
      guard let open = takeOpen() else { return }
      try open.study.store.removeStudy(named: open.study.name)
    }
  }

  private func takeOpen() -> Open? {
    opening.withLock { thread in
      thread?.join()
      thread = nil
    }
    return open.withLock { held in held.take() }
  }

  /// Lines that are to be said.
  var warnings: [String] { warn.withLock { $0 } }

  private func attempt(_ body: () throws -> Void) {
    do { try body() } catch {
      let help = (error as? StoreError)?.help.map { "; \($0)" } ?? ""
      // One is enough: what follows is of the same cause.
      warn.withLock { if $0.isEmpty { $0.append("this run is not in the store: \(error)\(help)") } }
    }
  }
}

// MARK: The loop's words as the store's

extension FitRecord {
  public init(_ result: FitResult, rung: Int = 0, repeat: Int = 0, fold: Int = 0, seed: UInt64?) {
    self.init(rung: rung, repeat: `repeat`, fold: fold, seed: seed, outcome: result.outcome.name)
    reason = result.reason
    stoppedBy = result.stoppedBy
    epochs = result.epochs.count
    steps = result.steps
    seconds = result.seconds
    error = result.failure?.description
  }
}

extension MetricRecord {
  /// The metrics of all epochs.
  public static func all(of result: FitResult) -> [MetricRecord] {
    result.epochs.flatMap { epoch in
      epoch.metrics.map { MetricRecord(epoch: epoch.index, name: $0.name, value: $0.value) }
    }
  }
}

extension StudyDirection {
  /// `nil`: the metric has no direction.
  public init?(_ direction: Direction) { self.init(rawValue: direction.name) }
}

extension TrialState {
  public init(_ outcome: Outcome) {
    self =
      switch outcome {
      case .finished, .stopped: .finished
      case .interrupted: .interrupted
      case .failed: .failed
      case .running: .running
      }
  }
}

extension DataPlan {
  fileprivate var validates: Bool { if case .none = validation { false } else { true } }
}

extension StoreError: FailureWords {
  public var failureWords: (message: String, help: String?) { (description, help) }
}

extension StudyDiffers: FailureWords {
  public var failureWords: (message: String, help: String?) { (description, help) }
}
