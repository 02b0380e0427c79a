import BoosterCore
import PluginKit

/// Rows as a DMatrix. NaN is a missing value.
final class XGBoostMatrix: EngineMatrix {
  let library: XGBoostLibrary
  private(set) var handle: XGBoostLibrary.Handle?
  let rows: Int
  /// For an objective of the user's.
  let labels: [Float]
  let weights: [Float]?

  /// - Parameter forTraining: With targets, weights and groups.
  init(_ engine: XGBoostEngine, _ rows: EngineRows, forTraining: Bool) throws {
    library = engine.library
    self.rows = rows.count
    let width = engine.task.kind == .regression ? engine.task.outputWidth : 1
    let isRanking = engine.task.kind == .ranking
    weights = forTraining ? rows.weights : nil
    labels = forTraining ? rows.labels(width: width) ?? [] : []
    let config = "{\"missing\": NaN, \"nthread\": \(engine.threads)}"
    try rows.withFeatures { features in
      let array = XGBoostLibrary.array(features.baseAddress, rows.count, rows.featureCount)
      try library.check(library.matrixFromDense(array, config, &handle))
    }
    guard forTraining else { return }
    guard labels.count == rows.count * width else {
      throw PluginError("a training batch whose target does not have \(width) numbers a row")
    }
    try setInfo("label", labels, columns: width)
    if let groups = rows.groups {
      let sizes = groups.map { UInt32($0) }
      try library.check(library.setUnsigned(handle, "group", sizes, UInt64(sizes.count)))
    }
    if let weights = isRanking ? rows.groupWeights : weights {
      try library.check(library.setFloats(handle, "weight", weights, UInt64(weights.count)))
    }
  }

  private func setInfo(_ name: String, _ values: [Float], columns: Int) throws {
    if columns == 1 {
      return try library.check(library.setFloats(handle, name, values, UInt64(values.count)))
    }
    try values.withUnsafeBufferPointer { values in
      let array = XGBoostLibrary.array(values.baseAddress, rows, columns)
      try library.check(library.setInfo(handle, name, array))
    }
  }

  deinit { _ = library.matrixFree(handle) }
}
