import Training

/// `metrics.csv`: a row for each epoch. The columns are the metrics that the run has when its first epoch ends; a
/// value that an epoch lacks is an empty cell.
final class MetricsFile {
  private let name = "metrics.csv"
  private let folder: RunFolder
  private let metrics: MetricTable
  /// Set by the first row; a run that is taken up has those that it had.
  var columns: [String] = []

  init(folder: RunFolder, metrics: MetricTable) {
    self.folder = folder
    self.metrics = metrics
  }

  func append(_ epoch: Epoch) throws {
    var text = ""
    if columns.isEmpty {
      columns = metrics.declared.filter { $0.declaration.phase.contains(.epoch) }.map(\.name)
      text = CSVLine.text(["epoch"] + columns)
    }
    let cells = columns.map { name in epoch[name].map { "\($0)" } ?? "" }
    text += (["\(epoch.index)"] + cells).joined(separator: ",") + "\n"
    try folder.append(name, Array(text.utf8))
  }
}
