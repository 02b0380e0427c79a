import Training

/// What a cross-validation gave.
public struct CrossValidationReport: Sendable {
  /// Those that were begun, in their order.
  public var folds: [FoldReport]
  /// Of all folds, also those that an interruption has kept from beginning.
  public var foldCount: Int
  public var settings: FoldSettings
  /// In the order of the logs: those held out of each fold's final model, and of the others the last epoch's.
  public var metrics: [MetricSummary]
  /// The run's folder; `nil` where none was asked for.
  public var folder: String?
  public var seconds = 0.0
  public var warnings: [String]
  /// Files that could not be written.
  public var fileError: (any Error)?

  /// One fold.
  public struct FoldReport: Sendable {
    /// From 0, over all repeats.
    public var number: Int
    /// From 0.
    public var repetition: Int
    /// From 0, in its repeat.
    public var fold: Int
    /// An error kept the fit from beginning; one in training is in the report.
    public var result: Result<RunReport, any Error>

    /// The metrics of its model as it was left. Empty for a fold that failed or was interrupted.
    public var metrics: [(name: String, value: Double)] { Self.metrics(of: result) }

    /// What is measured on the held-out rows is that of the model as it is kept, which restored weights may have made
    /// another than the last epoch's.
    static func metrics(of result: Result<RunReport, any Error>) -> [(name: String, value: Double)] {
      guard case .success(let report) = result, let heldOut = report.heldOut else { return [] }
      var metrics = report.result.epochs.last?.metrics ?? []
      for (name, value) in heldOut.metrics {
        if let index = metrics.firstIndex(where: { $0.name == name }) {
          metrics[index].value = value
        } else {
          metrics.append((name, value))
        }
      }
      return metrics
    }
  }

  /// A metric over the folds that have it.
  public struct MetricSummary: Sendable {
    public var name: String
    public var direction: Direction
    public var mean: Double
    /// Of a sample: the squares are divided by one less than there are folds. `nil` for one fold.
    public var standardDeviation: Double?
    /// Folds that have it.
    public var count: Int
  }

  init(_ folds: Folds, _ numbers: [Int], _ results: [Result<RunReport, any Error>], folder: String?) {
    self.folds = zip(numbers, results).map { number, result in
      let (turn, fold) = folds.place(of: number)
      return FoldReport(number: number, repetition: turn, fold: fold, result: result)
    }
    foldCount = folds.count
    settings = folds.settings
    metrics = Self.metrics(of: results)
    self.folder = folder
    warnings = folds.warnings
  }

  /// Reports of the folds that began.
  public var reports: [RunReport] { folds.compactMap { try? $0.result.get() } }

  /// Finished when every fold has finished or was stopped by a callback.
  public var outcome: Outcome {
    let outcomes = folds.map { (try? $0.result.get())?.result.outcome ?? .failed }
    if outcomes.contains(.interrupted) || folds.count < foldCount { return .interrupted }
    return outcomes.contains(.failed) || fileError != nil ? .failed : .finished
  }

  static func metrics(of results: [Result<RunReport, any Error>]) -> [MetricSummary] {
    var order: [String] = []
    var values: [String: [Double]] = [:]
    var directions: [String: Direction] = [:]
    for result in results {
      guard case .success(let report) = result else { continue }
      directions.merge(report.directions) { first, _ in first }
      for (name, value) in FoldReport.metrics(of: result) {
        if values[name] == nil { order.append(name) }
        values[name, default: []].append(value)
      }
    }
    return order.map { name in
      let all = values[name] ?? []
      let mean = all.reduce(0, +) / Double(max(1, all.count))
      let squares = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return MetricSummary(
        name: name, direction: directions[name] ?? .none, mean: mean,
        standardDeviation: all.count > 1 ? (squares / Double(all.count - 1)).squareRoot() : nil,
        count: all.count)
    }
  }

  // MARK: Predictions

  /// What one row was predicted to be by the model that was not trained on it.
  public struct Prediction: Sendable {
    public var row: Int64
    public var repetition: Int
    public var fold: Int
    public var target: [Double]
    /// See `HeldOutResult.predictions`.
    public var values: [Double]
  }

  /// In the order of rows, and of repeats for each row. A row that was never held out, as the first of a time series,
  /// has none.
  public var predictions: [Prediction] {
    var all: [Prediction] = []
    for fold in folds {
      guard let held = (try? fold.result.get())?.heldOut else { continue }
      for (index, row) in held.rows.enumerated() {
        all.append(
          Prediction(
            row: row, repetition: fold.repetition, fold: fold.fold,
            target: Self.part(held.targets, held.targetWidth, index),
            values: Self.part(held.predictions, held.width, index)))
      }
    }
    return all.sorted { ($0.row, $0.repetition) < ($1.row, $1.repetition) }
  }

  private static func part(_ values: [Float], _ width: Int, _ index: Int) -> [Double] {
    let start = index * width
    guard start >= 0, start + width <= values.count else { return [] }
    return values[start..<start + width].map { Double($0) }
  }
}
