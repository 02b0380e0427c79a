/// A script as a person reads it: "epoch 1: val_loss 0.1; epoch 2: val_loss 0.9".
struct ScriptText {
  /// Metrics that the plugin reads; empty: it is not known.
  var wanted: [String]
  var showsBatches: Bool

  init(_ callback: ScriptedCallback) {
    wanted = callback.host.wanted.sorted()
    showsBatches = callback.instance.component.hooks.contains {
      $0.contains("_batch_") || $0.contains("optimizer")
    }
  }

  /// - Parameter last: What comes after this epoch is left out.
  func text(_ script: RunScript, until last: Int = .max) -> String {
    var script = script
    if last >= script.firstEpoch, last < script.firstEpoch &+ script.epochs.count {
      script.epochs = Array(script.epochs.prefix(last - script.firstEpoch + 1))
    }
    var parts = script.epochs.enumerated().map { index, epoch in
      self.epoch(epoch, script.firstEpoch &+ index &+ 1)
    }
    if parts.isEmpty { parts = ["no epochs"] }
    // A long run is cut in the middle.
    if parts.count > 12 { parts = parts.prefix(5) + ["… \(parts.count - 10) more …"] + parts.suffix(5) }
    if !script.hasModel { parts.insert("a host without a model", at: 0) }
    switch script.ending {
    case .finished: break
    case .stopped(let n): parts.append("another callback asks to stop after \(calls(n))")
    case .interrupted(let n): parts.append("interrupted after \(calls(n))")
    case .failed(let n): parts.append("the run fails elsewhere after \(calls(n))")
    case .effectsFailed(let n):
      parts.append("the effects of call \(n) cannot be carried out, and the run fails")
    case .aborted(let n): parts.append("aborted after \(calls(n)), without on_train_end")
    }
    return parts.joined(separator: "; ")
  }

  private func calls(_ count: Int) -> String { count == 1 ? "1 call" : "\(count) calls" }

  private func epoch(_ epoch: RunScript.Epoch, _ number: Int) -> String {
    var text = "epoch \(number)"
    if showsBatches {
      let values = epoch.batches.prefix(6).map { shown($0) } + (epoch.batches.count > 6 ? ["…"] : [])
      let count = epoch.batches.count
      text +=
        count == 0
        ? " (no batches)"
        : " (\(count == 1 ? "a batch" : "\(count) batches"): loss \(values.joined(separator: ", ")))"
    }
    let names = wanted.isEmpty ? ["loss"] : wanted
    let seen = names.filter { epoch.validationBatches > 0 || !$0.hasPrefix("val_") }
    guard !seen.isEmpty else { return text + ": no validation" }
    let values = seen.map { name in
      "\(name) \(shown(epoch.value.map { ScriptedHost.isBetterHigh(name) ? 1 - $0 : $0 }))"
    }
    return text + ": " + values.joined(separator: ", ")
  }

  private func shown(_ value: Double?) -> String { value.map(ScriptedHost.text) ?? "missing" }
}
