import CallbackCore
import PluginKit

/// Stops a run when its time is up.
final class Timer: Callback {
  static let about = About(
    id: "timer", version: "0.1.0", summary: "Stops a run when its time is up.")

  @Option("The time that training may take: 90s, 1h30m, or DD:HH:MM:SS such as 00:12:00:00.")
  var duration: String

  enum Interval: String, OptionChoice { case step, epoch }

  @Option("When the clock is looked at: after every batch or after every epoch.")
  var interval = Interval.step

  /// `reset()` starts a fresh one.
  struct Progress: Codable {
    /// Of this run, with that of the runs that it resumes.
    var elapsed = ElapsedTime()
    /// The time was up when the clock was last looked at.
    var isOver = false
  }
  /// As of now: a checkpoint may be taken between two looks at the clock.
  var progress: Progress {
    get {
      var now = ownProgress
      now.elapsed.update(clock)
      return now
    }
    set { ownProgress = newValue }
  }
  private var ownProgress = Progress()
  /// While a run goes on.
  private var clock: Clock?

  private var limit = TimeLimit(seconds: .infinity)

  func create(_ host: Host) throws {
    do {
      limit = try TimeLimit(duration)
    } catch let error as PluginError {
      throw PluginError("option 'duration': \(error.message)", help: error.help)
    }
  }

  func reset() {
    clock = nil
    ownProgress = Progress()
  }

  func onTrainBegin(_ event: Event) throws {
    guard let clock = event.host.clock else {
      throw PluginError("this host has no clock", help: "leave timer out")
    }
    ownProgress.elapsed.resume(clock)
    self.clock = clock
    // No time at all, or a run that is resumed after its time was up: not one batch. One whose time went by between
    // two looks at the clock goes on to the next look, as it would have without the interruption.
    if limit.seconds <= 0 || ownProgress.isOver { stopIfOver(event) }
  }

  func onBatchEnd(_ event: Event) { check(.step, event) }

  func onEpochEnd(_ event: Event) { check(.epoch, event) }

  func onTrainEnd(_ event: Event) {
    ownProgress.elapsed.update(clock)
    clock = nil
  }

  private func check(_ moment: Interval, _ event: Event) {
    guard interval == moment else { return }
    ownProgress.elapsed.update(clock)
    stopIfOver(event)
  }

  private func stopIfOver(_ event: Event) {
    guard ownProgress.elapsed.seconds >= limit.seconds else { return }
    ownProgress.isOver = true
    let elapsed = TimeLimit.text(ownProgress.elapsed.seconds)
    event.stop(
      because: "the time limit of \(TimeLimit.text(limit.seconds)) is reached, after \(elapsed)")
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(Timer.self, to: args, license: "Apache-2.0")
}
