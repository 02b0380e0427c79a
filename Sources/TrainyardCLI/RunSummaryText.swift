import Trainyard

/// What a person reads, with epochs counted from 1, when a run has ended: how, why, who stopped it, the metrics, the
/// cost of the callbacks, where the files are.
struct RunSummaryText {
  private let report: RunReport
  private let plan: Plan

  init(_ report: RunReport, _ plan: Plan) {
    self.report = report
    self.plan = plan
  }

  var text: String {
    let result = report.result
    var lines = [row("outcome", outcome)]
    let steps = result.steps == 1 ? "1 step" : "\(result.steps) steps"
    lines.append(
      row(
        "epochs",
        "\(result.epochs.count) of \(plan.training.epochs), \(steps), \(ShortNumber.seconds(result.seconds))")
    )
    if let last = result.epochs.last {
      for (index, metric) in Self.inReadingOrder(last.metrics).enumerated() {
        lines.append(row(index == 0 ? "metrics" : "", value(metric)))
      }
    }
    for (index, dropped) in result.dropped.enumerated() {
      lines.append(row(index == 0 ? "dropped" : "", "'\(dropped.callback)': \(dropped.reason)"))
    }
    for (index, incident) in restarts.enumerated() {
      lines.append(row(index == 0 ? "restarted" : "", incident))
    }
    for (index, cost) in costs.enumerated() { lines.append(row(index == 0 ? "cost" : "", cost)) }
    if let folder = report.folder { lines.append(row("folder", folder)) }
    return "\n" + lines.joined(separator: "\n") + "\n"
  }

  private var outcome: String {
    let result = report.result
    switch result.outcome {
    case .stopped:
      return "stopped by '\(result.stoppedBy ?? "?")': \(result.reason)"
    case .finished: return "finished: \(result.reason)"
    case .interrupted: return "\(result.reason)"
    case .failed: return "failed"
    case .running: return "running"
    }
  }

  private func value(_ metric: (name: String, value: Double)) -> String {
    var text = pad(metric.name, 22) + pad(ShortNumber.text(metric.value), 12)
    if let direction = report.directions[metric.name], direction != .none,
      let best = report.best(metric.name, direction)
    {
      text += "best \(ShortNumber.text(best.value)) in epoch \(best.epoch + 1)"
    }
    return text
  }

  /// The loss first, and what validation says of a metric behind it.
  static func inReadingOrder(_ metrics: [(name: String, value: Double)]) -> [(name: String, value: Double)] {
    func key(_ index: Int) -> (Int, Int, Int) {
      let name = metrics[index].name
      let own = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
      let first = metrics.firstIndex { $0.name == own || $0.name == "val_" + own } ?? index
      return (own == "loss" ? 0 : 1, first, name == own ? 0 : 1)
    }
    return metrics.indices.sorted { key($0) < key($1) }.map { metrics[$0] }
  }

  /// Time in callbacks, the costly first.
  private var costs: [String] {
    var sums: [String: Double] = [:]
    for cost in report.result.costs { sums[cost.callback, default: 0] += cost.seconds }
    let total = max(report.result.seconds, 1e-9)
    return sums.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { name, time in
      let percent = (time / total * 10000).rounded() / 100
      return pad(name, 22) + pad(ShortNumber.seconds(time), 12) + "\(percent) % of the run"
    }
  }

  /// What isolated plugins survived; no step was lost.
  private var restarts: [String] {
    report.incidents.filter { $0.policy == .restart }.map { "'\($0.instance)', in \($0.call): \($0.what)" }
  }

  private func row(_ name: String, _ value: String) -> String { pad(name, 10) + value }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(text.count < width ? width - text.count : 1, 1))
  }
}
