/// K-fold: consecutive rows, or a random order of them, in parts of equal size; the first ones have a row more where
/// that does not come out even.
enum RowFolds {
  /// The fold in which each row is held out.
  static func assign(_ rowCount: Int, _ folds: Int, _ shuffle: Bool, _ stream: inout RandomStream) -> [Int64]
  {
    var order = (0..<Int64(rowCount)).map { $0 }
    if shuffle { stream.shuffle(&order) }
    var result = [Int64](repeating: 0, count: rowCount)
    var start = 0
    for (fold, size) in sizes(rowCount, folds).enumerated() {
      for row in order[start..<start + size] { result[Int(row)] = Int64(fold) }
      start += size
    }
    return result
  }

  static func sizes(_ count: Int, _ folds: Int) -> [Int] {
    (0..<folds).map { count / folds + ($0 < count % folds ? 1 : 0) }
  }
}
