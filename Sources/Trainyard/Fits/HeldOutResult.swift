import Training

/// What a trained model makes of rows that it was not trained on.
public struct HeldOutResult: Sendable {
  /// By name, as in the logs: `val_loss`, and what each monitor gives of the validation pass.
  public var metrics: [(name: String, value: Double)]
  /// Row numbers of the dataset, in the order of the predictions.
  public var rows: [Int64]
  /// Class numbers, or numbers: `targetWidth` for each row.
  public var targets: [Float]
  public var targetWidth: Int
  /// As the model gives them, `width` for each row: the probability of the second class for a binary task,
  /// probabilities of all classes, numbers, or scores.
  public var predictions: [Float]
  public var width: Int

  init() {
    metrics = []
    rows = []
    targets = []
    targetWidth = 1
    predictions = []
    width = 1
  }

  mutating func append(_ batch: Batch, _ prediction: Tensor) {
    guard batch.rows > 0 else { return }
    width = max(1, prediction.count / batch.rows)
    for index in 0..<prediction.count { predictions.append(Float(prediction.value(at: index))) }
    guard let target = batch.target else { return }
    targetWidth = max(1, target.count / batch.rows)
    for index in 0..<target.count { targets.append(Float(target.value(at: index))) }
  }
}
