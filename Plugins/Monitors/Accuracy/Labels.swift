import PluginKit

/// The true classes of a batch: integers, also where they are written as floating point.
struct Labels {
  private let target: TensorView

  init(_ target: TensorView, rows: Int) throws {
    guard target.count == rows else {
      throw PluginError(
        "targets of shape \(target.shape.array), where one class for each of \(rows) rows was expected")
    }
    guard target.type != .uint8 else {
      throw PluginError("targets of type uint8, and accuracy reads i32, i64, f32 and f64")
    }
    self.target = target
  }

  /// Whether the true class of a row is `predicted`; never for a `predicted` below 0.
  @inline(__always) func isClass(_ predicted: Int, at row: Int) -> Bool {
    predicted >= 0 && target.value(at: row) == Double(predicted)
  }
}
