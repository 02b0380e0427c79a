import CallbackCore
import PluginKit

extension EarlyStopping {
  /// One epoch as Keras 3 looks at it. The run is never stopped in its first epoch, nor in one that improved.
  func checkByKeras(_ value: Double, _ event: Event) throws {
    guard event.epoch >= startFromEpoch ?? 0 else { return }
    let rule = Improvement(try direction(event), minimumDelta: minDelta)
    progress.wait += 1
    if rule.improves(value, on: progress.best) {
      progress.best = value
      progress.bestEpoch = event.epoch
      if restoreBestWeights == true { try weights(of: event).take(Self.bestWeights) }
      if baseline.map({ rule.improves(value, on: $0) }) ?? true { progress.wait = 0 }
      // Not even when `wait` has passed `patience` because the baseline was not beaten.
      return
    }
    if progress.wait >= patience ?? 0 && event.epoch > 0 {
      stop(event, .patienceExhausted, because: kerasReason)
    }
  }

  /// For people, who count epochs from 1.
  private var kerasReason: String {
    let epochs = progress.wait == 1 ? "1 epoch" : "\(progress.wait) epochs"
    guard let best = progress.best else { return "\(metric.name) has been NaN for \(epochs)" }
    let amount = minDelta == 0 ? "" : " by more than \(abs(minDelta).short(6))"
    let target = baseline.map { " on the baseline \($0.short(6))" } ?? ""
    return "\(metric.name) has not improved\(target)\(amount) for \(epochs) "
      + "(best \(best.short(6)) in epoch \(progress.bestEpoch + 1))"
  }
}
