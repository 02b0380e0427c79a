import CallbackCore
import PluginKit

/// Sets the learning rate by a schedule, at the beginning of every epoch or after every optimizer step.
final class LearningRateScheduler: Callback {
  static let about = About(
    id: "learning-rate-scheduler", version: "0.1.0",
    summary: "Sets the learning rate by a schedule, per epoch or per optimizer step.")

  @Option("The schedule. The README has their formulas.")
  var schedule: Schedule.Name

  @Option("Its parameters as a table; each schedule has its own, and refuses others.")
  var parameters: JSONText? = nil

  enum Interval: String, OptionChoice { case epoch, step }

  @Option("What the schedule counts, from 0: epochs, or steps of the optimizer.")
  var interval = Interval.epoch

  /// `reset()` starts a fresh one.
  struct Progress: Codable {
    /// The rate when the run began, before any schedule.
    var initialRate: Double?
  }
  var progress = Progress()

  private var function: Schedule?
  private var rateMetric = Metric.none

  func create(_ host: Host) throws {
    function = try Schedule(schedule, parameters)
    rateMetric = LearningRate.declare(host)
  }

  func reset() { progress = Progress() }

  func onTrainBegin(_ event: Event) throws {
    // A resumed run has its rate already: a schedule that goes from rate to rate must not go twice.
    if progress.initialRate != nil { return }
    progress.initialRate = Double(try LearningRate(event).value)
    if interval == .step { try set(at: event.step, event) }
  }

  func onEpochBegin(_ event: Event) throws {
    if interval == .epoch { try set(at: event.epoch, event) }
  }

  func onOptimizerStep(_ event: Event) throws {
    // For the steps to come.
    if interval == .step { try set(at: event.step, event) }
  }

  func onEpochEnd(_ event: Event) throws {
    event.publish(rateMetric, Double(try LearningRate(event).value))
  }

  private func set(at time: Int, _ event: Event) throws {
    guard let function else { return }
    let rate = try LearningRate(event)
    let now = Double(rate.value)
    let moment = Schedule.Moment(time: time, rate: now, initialRate: progress.initialRate ?? now)
    let next = try function.rate(at: moment)
    if next != rate.value { rate.set(next) }
  }
}

@c @implementation
public func trainyard_plugin(_ args: UnsafePointer<ty_entry_args>?) -> UnsafePointer<ty_module>? {
  export(LearningRateScheduler.self, to: args, license: "Apache-2.0")
}
