import CTrainyard

/// A script while it runs: which call is next.
public struct ScriptedRun {
  enum Step {
    case moment(Moment, failsEffects: Bool)
    case exception(String)
    case end(Int32, String)
    /// The run is over and nobody is told.
    case gone
  }

  private enum Phase {
    case running
    /// The failure's words, then the end.
    case raising(String)
    case ending(Int32, String)
    case over
  }

  let script: RunScript
  private let moments: [Moment]
  private var phase = Phase.running
  /// The moment that is next, and how many calls have been made.
  private var index = 0
  private let skipped: Int
  /// How many of the script's calls are behind.
  var position: Int { index == 0 ? 0 : index + skipped }
  private var calls = 0
  private var stopEpoch: Int?
  private var stopBatch = -1
  private(set) var lastEpoch = -1
  var hasStarted = false
  /// Whether on_train_begin succeeded: only then is anyone told of the end.
  var begun = false
  let resumedEpoch: Int?

  public init(_ script: RunScript) { self.init(script, from: 0) }

  /// A run that goes on: on_train_begin, then what follows `position`.
  init(_ script: RunScript, from position: Int) {
    self.script = script
    let all = script.moments
    guard position > 0, position < all.count else {
      // All has been run: on_train_begin and the end are left.
      moments = position > 0 ? [all[0]] : all
      skipped = position > 0 ? all.count - 1 : 0
      resumedEpoch = position > 0 ? (all.last?.epoch ?? 0) &+ 1 : nil
      if position > 0 { lastEpoch = all.last?.epoch ?? -1 }
      return
    }
    moments = [all[0]] + all[position...]
    skipped = position - 1
    resumedEpoch = all[position].epoch
    lastEpoch = all[position - 1].epoch
  }

  mutating func fail(_ words: String) { phase = begun ? .raising(words) : .over }

  /// - Parameters:
  ///   - stopped: Whether the callback has asked to stop.
  ///   - accumulate: Batches for one step of the optimizer.
  mutating func next(stopped: Bool, accumulate: Int) -> Step? {
    switch phase {
    case .over: return nil
    case .raising(let words):
      phase = .ending(TY_OUTCOME_FAILED, words)
      return .exception(words)
    case .ending(let outcome, let words):
      phase = .over
      return .end(outcome, words)
    case .running: return nextMoment(stopped: stopped, accumulate: accumulate)
    }
  }

  private mutating func nextMoment(stopped: Bool, accumulate: Int) -> Step? {
    let ending = script.ending
    switch ending {
    case .aborted(let count) where calls >= count:
      phase = .over
      return .gone
    case .interrupted(let count) where calls >= count: return finish(TY_OUTCOME_INTERRUPTED, "interrupted")
    case .failed(let count) where calls >= count:
      guard begun else { return finish(TY_OUTCOME_FAILED, "") }
      phase = .ending(TY_OUTCOME_FAILED, "another part of the run failed")
      return .exception("another part of the run failed")
    case .stopped(let count) where calls >= count: stop()
    default: if stopped { stop() }
    }
    while index < moments.count {
      let moment = moments[index]
      index += 1
      if skips(moment) || moment.hook == .optimizerStep && !isDue(moment, accumulate) { continue }
      lastEpoch = max(lastEpoch, moment.epoch)
      calls += 1
      if case .effectsFailed(let call) = ending, call == calls {
        return .moment(moment, failsEffects: true)
      }
      return .moment(moment, failsEffects: false)
    }
    return finish(
      stopEpoch == nil ? TY_OUTCOME_FINISHED : TY_OUTCOME_STOPPED,
      stopEpoch == nil ? "all epochs ran" : "a callback asked to stop")
  }

  private mutating func finish(_ outcome: Int32, _ words: String) -> Step? {
    phase = .over
    return begun ? .end(outcome, words) : nil
  }

  private mutating func stop() {
    guard stopEpoch == nil else { return }
    stopEpoch = lastEpoch
    let last = index > 0 && index <= moments.count ? moments[index - 1] : nil
    stopBatch = last.map { $0.hook.isTrainingBatch ? $0.batch : -1 } ?? -1
    // The epoch is over already: nothing more of it.
    if last?.hook == .epochEnd || last?.hook == .trainBegin { index = moments.count }
  }

  /// After a request to stop the batch is finished, the epoch closed, and no other begun.
  private func skips(_ moment: Moment) -> Bool {
    guard let stopEpoch else { return false }
    return moment.epoch != stopEpoch || moment.hook.isTrainingBatch && moment.batch > stopBatch
  }

  private func isDue(_ moment: Moment, _ accumulate: Int) -> Bool {
    guard accumulate > 1 else { return true }
    let index = moment.epoch &- script.firstEpoch
    let count = script.epochs.indices.contains(index) ? script.epochs[index].batches.count : 1
    return (moment.batch + 1) % accumulate == 0 || moment.batch + 1 == count
  }
}
