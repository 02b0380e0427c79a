import CallbackCore
import PluginKit

extension EarlyStopping {
  /// One epoch as Lightning looks at it: the first rule that fits decides.
  func checkByLightning(_ value: Double, _ event: Event) throws {
    let direction = try direction(event)
    let name = metric.name
    if checkFinite ?? true, !value.isFinite {
      return stop(event, .nonFiniteMetric, because: words("\(name) is \(value.short())", .nonFiniteMetric))
    }
    if let threshold = stoppingThreshold, Improvement.isBetter(value, than: threshold, direction) {
      let text = "\(name) is \(value.short(6)), better than the stopping threshold \(threshold.short(6))"
      return stop(event, .stoppingThreshold, because: words(text, .stoppingThreshold))
    }
    if let threshold = divergenceThreshold, Improvement.isBetter(threshold, than: value, direction) {
      let text = "\(name) is \(value.short(6)), worse than the divergence threshold \(threshold.short(6))"
      return stop(event, .divergenceThreshold, because: words(text, .divergenceThreshold))
    }
    if Improvement(direction, signedDelta: minDelta).improves(value, on: progress.best) {
      progress.best = value
      progress.bestEpoch = event.epoch
      progress.wait = 0
      return
    }
    progress.wait += 1
    if progress.wait >= patience ?? 3 {
      let epochs = progress.wait == 1 ? "1 epoch" : "\(progress.wait) epochs"
      let best = progress.best.map { $0.isFinite ? ", best \($0.short(6))" : "" } ?? ""
      let text = "\(name) has not improved for \(epochs)\(best)"
      stop(event, .patienceExhausted, because: words(text, .patienceExhausted))
    }
  }

  private func words(_ text: String, _ reason: Reason) -> String { "\(text) (\(reason.rawValue))" }
}
