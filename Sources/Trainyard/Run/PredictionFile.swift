import Training

/// Predictions as CSV: a row for each row of the data, with the class and the probabilities, or the numbers.
struct PredictionFile {
  let task: LearningTask

  var header: String {
    let classes = classNames
    let columns: [String] =
      switch task.kind {
      case .binary, .classes: ["row", "class"] + classes.map { "probability_\($0)" }
      case .regression:
        ["row"] + (task.outputWidth == 1 ? ["prediction"] : (0..<task.outputWidth).map { "prediction_\($0)" })
      case .ranking: ["row", "score"]
      }
    return columns.map(quoted).joined(separator: ",") + "\n"
  }

  /// - Parameter first: The number of the first row.
  func rows(_ prediction: Tensor, first: Int) -> String {
    let width = prediction.rows == 0 ? 1 : max(1, prediction.count / prediction.rows)
    var text = ""
    for row in 0..<prediction.rows {
      let values = (0..<width).map { prediction.value(at: row * width + $0) }
      text += "\(first + row)," + cells(values).joined(separator: ",") + "\n"
    }
    return text
  }

  private func cells(_ values: [Double]) -> [String] {
    switch task.kind {
    case .binary:
      let positive = values.first ?? .nan
      return [quoted(className(positive >= 0.5 ? 1 : 0)), shortest(1 - positive), shortest(positive)]
    case .classes:
      // The first of equals, as argmax has it.
      let best = values.indices.max { values[$0] < values[$1] || values[$0] == values[$1] && $0 > $1 } ?? 0
      return [quoted(className(best))] + values.map(shortest)
    case .regression, .ranking: return values.map(shortest)
    }
  }

  private var classNames: [String] {
    let count = task.kind == .binary ? 2 : task.outputWidth
    return (0..<count).map(className)
  }

  private func className(_ number: Int) -> String {
    number < task.classNames.count ? task.classNames[number] : "\(number)"
  }

  /// Predictions are f32: the digits of that number, and no more.
  private func shortest(_ value: Double) -> String { "\(Float(value))" }

  private func quoted(_ text: String) -> String {
    guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
