import Trainyard

/// The metrics that a pipeline will have, a line for each.
struct MetricListText {
  let metrics: [MetricListing]

  init(_ metrics: [MetricListing]) { self.metrics = metrics }

  var text: String {
    let names = Swift.max(6, metrics.map(\.name.count).max() ?? 0)
    let sources = metrics.compactMap { $0.source?.count }.max() ?? 0
    var lines = ["metrics of this pipeline:"]
    for metric in metrics {
      let source = metric.source ?? "declared by nobody so far"
      let readers = metric.readers.isEmpty ? "" : "watched by " + metric.readers.joined(separator: ", ")
      let line =
        "  " + padded(metric.name, names) + "  " + padded(direction(metric), 4) + "  "
        + padded(source, sources)
        + "  " + readers
      lines.append(String(line.reversed().drop { $0 == " " }.reversed()))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func direction(_ metric: MetricListing) -> String {
    metric.direction == .none ? "-" : metric.direction.name
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: Swift.max(0, width - text.count))
  }
}
