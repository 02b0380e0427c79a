import PluginKit

/// The weight of rows for each pair of target and prediction.
public struct ConfusionCounts: Codable, Equatable, Sendable {
  /// More would be a matrix that nobody reads, and 16 MB of it.
  public static let mostClasses = 1000

  public private(set) var task = MeasuredTask()
  private var cells = CompensatedSums()
  /// Rows whose prediction is NaN and names no class; they stand in no cell.
  private var unpredicted = CompensatedSum()
  private var rows = 0

  public init() {}

  /// Keeps what a loaded checkpoint has accumulated for the same task.
  public mutating func prepare(_ task: MeasuredTask) throws {
    guard task.classes <= Self.mostClasses else {
      throw PluginError(
        "a confusion matrix of \(task.classes) classes, and \(Self.mostClasses) are the most that are kept")
    }
    if self.task != task || !isSound(task.classes) {
      self = ConfusionCounts()
      cells = CompensatedSums(count: task.classes * task.classes)
    }
    self.task = task
  }

  public mutating func clear() {
    cells = CompensatedSums(count: task.classes * task.classes)
    unpredicted = CompensatedSum()
    rows = 0
  }

  public mutating func add(_ examples: Examples, threshold: Double) throws {
    guard isSound(task.classes) else { throw damagedState }
    for row in 0..<examples.rows {
      let prediction = examples.predictedClass(row, threshold: threshold)
      if prediction >= 0 {
        cells.add(examples.weight(row), at: examples.trueClass(row) * task.classes + prediction)
      } else {
        unpredicted.add(examples.weight(row))
      }
    }
    rows += examples.rows
  }

  public mutating func merge(_ other: ConfusionCounts) throws {
    guard other.task == task, other.isSound(task.classes) else { throw otherTask }
    cells.add(other.cells)
    unpredicted.add(other.unpredicted)
    rows += other.rows
  }

  private func isSound(_ classes: Int) -> Bool {
    classes <= Self.mostClasses && cells.fits(classes * classes) && isRowCount(rows)
  }

  public var isEmpty: Bool { rows == 0 }
  public var classes: Int { task.classes }

  /// Row by row: a row for each target, a column for each prediction.
  public var values: [Double] { cells.values }

  public func cell(target: Int, prediction: Int) -> Double { cells[target * classes + prediction] }

  /// The mean recall over the classes that are targets.
  public var balancedAccuracy: Double? {
    let recalls = (0..<classes).compactMap { target -> Double? in
      let row = sum { self.cell(target: target, prediction: $0) }
      return row == 0 ? nil : cell(target: target, prediction: target) / row
    }
    return mean(recalls)
  }

  /// Cohen's kappa: 1 − observed over expected disagreement, `distance` weighing a cell by how far it is from the
  /// diagonal. Not defined where chance alone would agree; NaN where a prediction is.
  public func kappa(_ distance: (Int) -> Double) -> Double? {
    if unpredicted.value != 0 { return .nan }
    let targets = (0..<classes).map { target in sum { self.cell(target: target, prediction: $0) } }
    let predictions = (0..<classes).map { column in sum { self.cell(target: $0, prediction: column) } }
    let total = cells.total
    guard total != 0 else { return nil }
    var observed = CompensatedSum()
    var expected = CompensatedSum()
    for target in 0..<classes {
      for prediction in 0..<classes where prediction != target {
        let far = distance(abs(target - prediction))
        observed.add(far * cell(target: target, prediction: prediction))
        expected.add(far * targets[target] * predictions[prediction] / total)
      }
    }
    return expected.value == 0 ? nil : 1 - observed.value / expected.value
  }

  private func sum(_ value: (Int) -> Double) -> Double {
    var sum = CompensatedSum()
    for index in 0..<classes { sum.add(value(index)) }
    return sum.value
  }
}
