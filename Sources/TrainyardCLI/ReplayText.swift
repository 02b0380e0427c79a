import Trainyard

/// What a person reads after a replay, with epochs counted from 1: a table with a row for each callback, and below it
/// what each did.
struct ReplayText {
  private let recording: Recording
  private let reports: [ReplayReport]

  init(_ recording: Recording, _ reports: [ReplayReport]) {
    self.recording = recording
    self.reports = reports
  }

  var text: String {
    let header = ["callback", "stops", "weights at the end", "learning rate", "files"]
    let rows = reports.map { [$0.settings, stop($0), weights($0), rate($0), files($0)] }
    var lines = [title, ""] + table([header] + rows)
    if isShort {
      lines += [
        "",
        "The run itself ended after epoch \(completeEpochs): what never stops here might have stopped later.",
      ]
    }
    for report in reports {
      let details = details(report)
      if !details.isEmpty { lines += ["", report.settings] + details.map { "  " + $0 } }
    }
    // What a plugin or a recording says must not move the cursor or change colours.
    return lines.map { $0.shownOnTerminals() }.joined(separator: "\n") + "\n"
  }

  private var title: String {
    let epochs = completeEpochs
    let planned = recording.plannedEpochs > epochs ? " of \(recording.plannedEpochs) planned" : ""
    let metrics =
      recording.metrics.isEmpty ? "no metrics" : recording.metrics.map(\.name).joined(separator: ", ")
    return "\(count(epochs, "recorded epoch"))\(planned): \(metrics)"
  }

  private var completeEpochs: Int { recording.epochs.count { $0.isComplete } }

  /// A callback that never stopped may only have lacked the epochs.
  private var isShort: Bool {
    completeEpochs < recording.plannedEpochs && reports.contains { $0.stop == nil && $0.failure == nil }
  }

  // MARK: Cells

  private func stop(_ report: ReplayReport) -> String {
    if report.failure != nil { return "fails" }
    guard let stop = report.stop else { return "never, in \(count(completeEpochs, "epoch"))" }
    return "in epoch \(stop.epoch + 1) of \(completeEpochs)" + batch(stop.batch)
  }

  private func weights(_ report: ReplayReport) -> String {
    switch report.finalWeights {
    case .untrained: "untrained"
    case .mixed: "an average"
    case .trained(let epoch, let index):
      // The last batch of an epoch is its end.
      recording.epochs.first { $0.index == epoch }?.batches.last?.index == index || index == nil
        ? "of epoch \(epoch + 1)" : "of epoch \(epoch + 1)" + batch(index)
    }
  }

  private func rate(_ report: ReplayReport) -> String {
    let changes = report.parameters.filter { $0.name == "learning_rate" && $0.from != $0.to }
    guard let last = changes.last else { return "-" }
    return "\(count(changes.count, "change")), to \(short(last.to))"
  }

  private func files(_ report: ReplayReport) -> String {
    report.files.isEmpty ? "-" : count(report.files.count, "file")
  }

  // MARK: Details

  private static let mostDetails = 20

  private func details(_ report: ReplayReport) -> [String] {
    var lines: [String] = []
    if let failure = report.failure { lines.append("error: \(failure)") }
    if let stop = report.stop { lines.append("stop: \(stop.reason)") }
    if report.missesBatches {
      lines.append("it acts at batches, and the recording has none: record with output.record: batches")
    }
    let changes = report.parameters.filter { $0.from != $0.to }
    lines += shortened(
      changes.map { change in
        let from = change.from.map { "from \(short($0)) " } ?? ""
        return "\(change.name): \(from)to \(short(change.to)) in \(place(change.epoch, change.batch))"
      })
    lines += shortened(
      report.fileChanges.map { "\($0.action.rawValue) \($0.path) in \(place($0.epoch, $0.batch))" })
    lines += shortened(report.files.map { "file \($0.path), \($0.size) bytes" })
    lines += shortened(report.lines.map { ($0.level == .warning ? "warning: " : "says: ") + $0.text })
    if let folder = report.folder { lines.append("folder \(folder)") }
    return lines
  }

  private func shortened(_ lines: [String]) -> [String] {
    guard lines.count > Self.mostDetails else { return lines }
    return lines.prefix(Self.mostDetails) + [
      "… and \(lines.count - Self.mostDetails) more; --json has them all"
    ]
  }

  private func place(_ epoch: Int, _ index: Int?) -> String {
    epoch < 0 ? "the beginning" : "epoch \(epoch + 1)" + batch(index)
  }

  private func batch(_ index: Int?) -> String { index.map { ", batch \($0 + 1)" } ?? "" }

  // MARK: Words

  private func count(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
  }

  private func short(_ value: Double) -> String {
    let float = "\(Float(value))"
    return float.hasSuffix(".0") ? String(float.dropLast(2)) : float
  }

  private func table(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell
        if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
      }
      return line
    }
  }
}
