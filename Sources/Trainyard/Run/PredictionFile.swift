import Training

/// Predictions as CSV: a row for each row of the data, with the class and the probabilities, or the numbers.
struct PredictionFile {
  let task: LearningTask

  var header: String { line(["row"] + columns) }

  /// What is said of a prediction.
  var columns: [String] {
    switch task.kind {
    case .binary, .classes: ["class"] + classNames.map { "probability_\($0)" }
    case .regression: numbered("prediction")
    case .ranking: ["score"]
    }
  }

  /// What is said of a target.
  var targetColumns: [String] { task.kind == .regression ? numbered("target") : ["target"] }

  private func numbered(_ name: String) -> [String] {
    task.outputWidth == 1 ? [name] : (0..<task.outputWidth).map { "\(name)_\($0)" }
  }

  func line(_ cells: [String]) -> String { CSVLine.text(cells) }

  /// - Parameter first: The number of the first row.
  func rows(_ prediction: Tensor, first: Int) -> String {
    let width = prediction.rows == 0 ? 1 : max(1, prediction.count / prediction.rows)
    var text = ""
    for row in 0..<prediction.rows {
      let values = (0..<width).map { prediction.value(at: row * width + $0) }
      text += line(["\(first + row)"] + cells(values, inDoubles: prediction.type == .float64))
    }
    return text
  }

  /// Class numbers, or numbers, as targets.
  func cells(ofTarget values: [Double]) -> [String] {
    switch task.kind {
    case .binary, .classes: values.map { Int(exactly: $0).map(className) ?? "" }
    case .regression, .ranking: values.map(shortest)
    }
  }

  /// - Parameter inDoubles: The model predicts in f64; else in f32.
  func cells(_ values: [Double], inDoubles: Bool = false) -> [String] {
    func shortest(_ value: Double) -> String { inDoubles ? "\(value)" : self.shortest(value) }
    switch task.kind {
    case .binary:
      let positive = values.first ?? .nan
      return [className(positive >= 0.5 ? 1 : 0), shortest(1 - positive), shortest(positive)]
    case .classes:
      // The first of equals, as argmax has it.
      let best = values.indices.max { values[$0] < values[$1] || values[$0] == values[$1] && $0 > $1 } ?? 0
      return [className(best)] + values.map { shortest($0) }
    case .regression, .ranking: return values.map { shortest($0) }
    }
  }

  private var classNames: [String] {
    let count = task.kind == .binary ? 2 : task.outputWidth
    return (0..<count).map(className)
  }

  private func className(_ number: Int) -> String {
    number < task.classNames.count ? task.classNames[number] : "\(number)"
  }

  /// The digits of a number that was an f32, and no more.
  private func shortest(_ value: Double) -> String { "\(Float(value))" }
}
