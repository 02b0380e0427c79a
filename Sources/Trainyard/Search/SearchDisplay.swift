import RunStore
import Training

/// What a person sees of a search while it runs: a line for each trial that has ended.
struct SearchDisplay: Sendable {
  let fits: ManyFitsDisplay

  init(_ fits: ManyFitsDisplay, total: Int) {
    self.fits = fits
    fits.total(total)
  }

  static func label(_ number: Int) -> String { "trial \(number)" }

  func began(_ number: Int) { fits.began(Self.label(number)) }
  func left(_ number: Int) { fits.left(Self.label(number)) }

  /// Shows how far the fit is, and lets its trial be ended at a rung.
  func observer(
    _ number: Int, _ rungs: RungObserver?, _ plan: Plan, _ fit: Int, _ folds: TrialFolds?
  ) -> any FitObserver {
    let fold = folds.map { "fold \(fit + 1)/\($0.count)" }
    if let fold { fits.progress(Self.label(number), fold) }
    let epochs = plan.training.epochs
    return Follower(rungs) { [fits] epoch in
      if fold == nil { fits.progress(Self.label(number), "epoch \(epoch.index + 1)/\(epochs)") }
    }
  }

  private final class Follower: FitObserver {
    private let rungs: RungObserver?
    private let follow: @Sendable (Epoch) -> Void

    init(_ rungs: RungObserver?, _ follow: @escaping @Sendable (Epoch) -> Void) {
      self.rungs = rungs
      self.follow = follow
    }

    var name: String { RungObserver.party }

    func epochEnded(_ epoch: Epoch) -> String? {
      follow(epoch)
      return rungs?.epochEnded(epoch)
    }
  }

  func ended(_ trial: SearchTrial, isOurs: Bool, best: SearchTrial?, _ objective: Objective) {
    let label = Self.label(trial.number)
    let soFar = best.flatMap { best in
      best.value.map { "best \(objective.metric) \(ShortNumber.text($0)) (\(Self.label(best.number)))" }
    }
    guard isOurs else { return fits.wasDone(label, soFar: soFar ?? "") }
    fits.finished(label, Self.text(trial, objective), isFailed: trial.state == .failed, soFar: soFar ?? "")
  }

  /// `val_loss 0.41; pruned after 4 epochs, 1.2 s; model.hidden=[32]`
  private static func text(_ trial: SearchTrial, _ objective: Objective) -> String {
    var parts: [String] = []
    if let value = trial.value { parts.append("\(objective.metric) \(ShortNumber.text(value))") }
    if let error = trial.error { parts.append("failed: \(error)") }
    let amount = trial.fits.count > 1 ? count(trial.fits.count, "fold") : count(trial.epochs, "epoch")
    let seconds = ShortNumber.seconds(trial.seconds)
    switch (trial.state, trial.fits.first?.stoppedBy) {
    case (.pruned, _): parts.append("pruned after \(amount), \(seconds)")
    case (.finished, let callback?) where trial.fits.count == 1:
      parts.append("stopped by '\(callback)' after \(amount), \(seconds)")
    case (.finished, _): parts.append("\(amount), \(seconds)")
    default: break
    }
    let parameters = trial.parameters.map { path, value in
      if case .float(let number) = value.value { return "\(path)=\(ShortNumber.text(number))" }
      return "\(path)=\(value.string ?? value.description)"
    }
    return (parts + [parameters.joined(separator: " ")]).joined(separator: "; ")
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
  }
}
