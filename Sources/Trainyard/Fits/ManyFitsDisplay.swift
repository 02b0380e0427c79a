import Training

/// What a person sees of many fits: a line for each that has ended and, on a terminal, one below them that tells how many
/// are done and running, where those are, and how long it will take. For folds and for trials alike.
///
/// Any thread may call it; the console is only used by one at a time.
public final class ManyFitsDisplay: Sendable {
  private let noun: String
  private let state: Guarded<State>

  /// Goes from thread to thread, and its console with it, only under the lock.
  private struct State: @unchecked Sendable {
    let console: any Console
    /// `nil`: not known, or without end.
    var total: Int?
    var done = 0
    /// Those that others have done, or this process did before.
    var known = 0
    /// Those that are running, in the order in which they began, and how far they are.
    var running: [(label: String, progress: String)] = []
    /// The best so far, or the mean: whatever the owner shows.
    var soFar = ""
    let began = RunClock.system.monotonic()
    /// Warnings that several fits give are said once.
    var said: Set<String> = []
  }

  /// - Parameters:
  ///   - console: Where lines go.
  ///   - noun: Of one fit: "fold", "trial".
  public init(_ console: any Console, noun: String) {
    self.noun = noun
    state = Guarded(State(console: console))
  }

  public func total(_ count: Int?) { state.withLock { $0.total = count } }

  // MARK: A fit

  public func began(_ label: String) {
    state.withLock {
      $0.running.append((label, ""))
      show($0)
    }
  }

  /// The fit has ended: its line stays.
  /// - Parameters:
  ///   - label: As `began` was given it.
  ///   - result: What became of it.
  ///   - soFar: The best, or the mean, of all that have ended; "" where there is none yet.
  ///   - detail: Put behind the metrics, as the parameters of a trial.
  public func finished(
    _ label: String, _ result: Result<RunReport, any Error>, soFar: String, detail: String = ""
  ) {
    let rest = detail.isEmpty ? "" : "; \(detail)"
    finished(label, "\(Self.text(result))\(rest)", isFailed: result.blame != nil, soFar: soFar)
  }

  /// What has ended, in words: its line stays.
  public func finished(_ label: String, _ text: String, isFailed: Bool, soFar: String) {
    state.withLock { state in
      state.running.removeAll { $0.label == label }
      state.done += 1
      state.soFar = soFar
      let done = state.done + state.known
      let count = state.total.map { "\(done)/\($0)" } ?? "\(done)"
      state.console.line(isFailed ? .warning : .info, "[\(count)] \(label): \(text)")
      show(state)
    }
  }

  /// One that need not be done any more: no line, and no time was spent on it.
  public func wasDone(_ label: String, soFar: String) {
    state.withLock { state in
      state.running.removeAll { $0.label == label }
      state.known += 1
      state.soFar = soFar
      show(state)
    }
  }

  /// It is not running any more, and has not ended.
  public func left(_ label: String) {
    state.withLock { state in
      state.running.removeAll { $0.label == label }
      show(state)
    }
  }

  /// "val_loss 0.41, val_accuracy 0.9; stopped by 'early-stopping' after 7 epochs, 1.2 s".
  static func text(_ result: Result<RunReport, any Error>) -> String {
    switch result {
    case .failure(let error): return "failed: \(words(error))"
    case .success(let report):
      if let failure = report.result.failure { return "failed: \(failure)" }
      let all = CrossValidationReport.FoldReport.metrics(of: result)
      let metrics = all.isEmpty ? report.result.epochs.last?.metrics ?? [] : all
      // The loss first: it is what folds and trials are mostly compared by.
      let held =
        metrics.filter { $0.name == "val_loss" }
        + metrics.filter { $0.name.hasPrefix("val_") && $0.name != "val_loss" }
      let shown = (held.isEmpty ? metrics : held).prefix(4).map { "\($0.name) \(ShortNumber.text($0.value))" }
      let epochs = report.result.epochs.count == 1 ? "1 epoch" : "\(report.result.epochs.count) epochs"
      let end =
        switch report.result.outcome {
        case .stopped: "stopped by '\(report.result.stoppedBy ?? "?")' after \(epochs)"
        case .interrupted: "interrupted after \(epochs)"
        default: epochs
        }
      let seconds = ShortNumber.seconds(report.result.seconds)
      return (shown.isEmpty ? "" : shown.joined(separator: ", ") + "; ") + "\(end), \(seconds)"
    }
  }

  private static func words(_ error: any Error) -> String {
    if let error = error as? DataError { return error.message }
    if let error = error as? any FailureWords { return error.failureWords.message }
    return "\(error)"
  }

  /// Shows how far the fit is.
  public func observer(_ label: String, epochs: Int) -> any FitObserver {
    Follower(display: self, label: label, epochs: epochs)
  }

  private final class Follower: FitObserver {
    let name = "display"
    private let display: ManyFitsDisplay
    private let label: String
    private let epochs: Int

    init(display: ManyFitsDisplay, label: String, epochs: Int) {
      self.display = display
      self.label = label
      self.epochs = epochs
    }

    func epochEnded(_ epoch: Epoch) -> String? {
      display.progress(label, "epoch \(epoch.index + 1)/\(epochs)")
      return nil
    }
  }

  /// Shows how far a fit is, such as "epoch 3/20".
  public func progress(_ label: String, _ text: String) {
    state.withLock { state in
      guard let index = state.running.firstIndex(where: { $0.label == label }) else { return }
      state.running[index].progress = text
      show(state)
    }
  }

  // MARK: Lines

  /// For the lines of one fit: warnings are said under its label, once where several fits give the same; other lines are
  /// those of a single run, and too many here.
  public func console(for label: String) -> any Console { FitConsole(display: self, label: label) }

  private final class FitConsole: Console {
    private let display: ManyFitsDisplay
    private let label: String
    var width: Int { 0 }

    init(display: ManyFitsDisplay, label: String) {
      self.display = display
      self.label = label
    }

    func line(_ level: LogLevel, _ text: String) {
      if level == .warning { display.warn(text, from: label) }
    }

    func status(_ text: String) {}
  }

  public func warn(_ text: String, from label: String = "") {
    state.withLock { state in
      guard state.said.insert(text).inserted else { return }
      state.console.line(.warning, label.isEmpty ? text : "\(label): \(text)")
    }
  }

  public func line(_ text: String) { state.withLock { $0.console.line(.info, text) } }

  /// Takes the live line away.
  public func end() { state.withLock { $0.console.status("") } }

  private func show(_ state: State) {
    let width = state.console.width
    guard width > 0 else { return }
    let nouns = (state.total ?? 2) == 1 ? noun : noun + "s"
    let done = state.done + state.known
    var parts = ["\(done)" + (state.total.map { "/\($0)" } ?? "") + " \(nouns)"]
    if !state.soFar.isEmpty { parts.append(state.soFar) }
    if let total = state.total, state.done > 0, total > done {
      let elapsed = Double(RunClock.system.monotonic() - state.began) / 1e9
      parts.append(
        "\(ShortNumber.seconds((elapsed / Double(state.done) * Double(total - done)).rounded())) left")
    }
    let running = state.running.map { $0.progress.isEmpty ? $0.label : "\($0.label) \($0.progress)" }
    if !running.isEmpty { parts.append("running: " + running.joined(separator: ", ")) }
    let text = parts.joined(separator: " · ")
    state.console.status(text.count > width ? String(text.prefix(max(0, width - 1))) + "…" : text)
  }
}
