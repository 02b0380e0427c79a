import PluginKit

/// What an engine predicts, in the shape and order that the host asks for; and what is predicted before the first round.
final class Predictions {
  private let inDoubles: Bool
  private let floats = Memory<Float>()
  private let doubles = Memory<Double>()

  init(inDoubles: Bool) {
    self.inDoubles = inDoubles
  }

  /// Whether there are several numbers a row.
  static func isWide(_ task: TaskDescription) -> Bool {
    task.kind == .classes || task.kind == .regression && task.outputWidth > 1
  }

  /// Before the first round nothing is known: 0, or each class alike.
  func constant(_ rows: Int, _ task: TaskDescription) throws -> TensorView {
    let value: Double =
      switch task.kind {
      case .binary: 0.5
      case .classes: 1 / Double(max(1, task.outputWidth))
      case .regression, .ranking: 0
      }
    let count = rows * (Self.isWide(task) ? task.outputWidth : 1)
    if inDoubles {
      doubles.room(for: count).update(repeating: value)
      return try Self.shaped(TensorView(doubles.base, .float64, shape: TensorShape(count)), rows, task)
    }
    floats.room(for: count).update(repeating: Float(value))
    return try Self.shaped(TensorView(floats.base, .float32, shape: TensorShape(count)), rows, task)
  }

  static func shaped(_ view: TensorView, _ rows: Int, _ task: TaskDescription) throws -> TensorView {
    let isWide = isWide(task)
    let wanted = rows * (isWide ? task.outputWidth : 1)
    guard view.count == wanted else {
      throw PluginError(
        "the engine predicts \(view.count) numbers for \(rows) rows, where \(wanted) were expected",
        help: "does the objective fit the task?")
    }
    return TensorView(
      view.base, view.type, shape: isWide ? TensorShape(rows, task.outputWidth) : TensorShape(rows))
  }

  /// As the batch has its rows, where the engine has them otherwise: only in rankings, which have one number a row.
  func inBatchOrder(
    _ found: TensorView, _ order: [Int]?, _ rows: Int, _ task: TaskDescription
  ) throws -> TensorView {
    let prediction = try Self.shaped(found, rows, task)
    guard let order else { return prediction }
    if prediction.type == .float64 {
      let (room, given) = (doubles.room(for: rows), prediction.doubles)
      for (place, row) in order.enumerated() { room[row] = given[place] }
      return TensorView(doubles.base, .float64, shape: TensorShape(rows))
    }
    let (room, given) = (floats.room(for: rows), prediction.floats)
    for (place, row) in order.enumerated() { room[row] = given[place] }
    return TensorView(floats.base, .float32, shape: TensorShape(rows))
  }
}
