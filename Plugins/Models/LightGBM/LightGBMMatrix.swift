import BoosterCore
import PluginKit

/// Rows as a Dataset of LightGBM's, in bins. NaN is a missing value.
final class LightGBMMatrix: EngineMatrix {
  let library: LightGBMLibrary
  private(set) var handle: LightGBMLibrary.Handle?
  let rows: Int
  /// For an objective of the user's.
  let labels: [Float]
  let weights: [Float]?
  /// The rows whose bins these are, too.
  private let reference: LightGBMMatrix?

  /// - Parameter reference: What is trained on, for rows that are only evaluated.
  init(
    _ engine: LightGBMEngine, _ rows: EngineRows, forTraining: Bool, beside reference: LightGBMMatrix?
  ) throws {
    library = engine.library
    self.rows = rows.count
    self.reference = reference
    weights = forTraining ? rows.weights : nil
    labels = forTraining ? rows.labels(width: 1) ?? [] : []
    guard let count = Int32(exactly: rows.count), let columns = Int32(exactly: rows.featureCount) else {
      throw PluginError("LightGBM takes no more than \(Int32.max) rows")
    }
    try rows.withFeatures { features in
      try library.check(
        library.datasetFromMatrix(
          features.baseAddress, LightGBMLibrary.Kind.float32.rawValue, count, columns, 1, engine.datasetText,
          reference?.handle, &handle))
    }
    guard forTraining else { return }
    guard labels.count == rows.count else {
      throw PluginError("a training batch whose target does not have one number a row")
    }
    try set("label", labels, .float32)
    if let weights { try set("weight", weights, .float32) }
    if let groups = rows.groups { try set("group", groups, .int32) }
  }

  /// Of rows that LightGBM is given anew each time.
  init(unkept library: LightGBMLibrary) {
    self.library = library
    rows = 0
    labels = []
    weights = nil
    reference = nil
  }

  private func set<Value: BitwiseCopyable>(
    _ field: String, _ values: [Value], _ kind: LightGBMLibrary.Kind
  ) throws {
    try values.withUnsafeBytes {
      try library.check(
        library.setField(handle, field, $0.baseAddress, Int32(clamping: values.count), kind.rawValue))
    }
  }

  /// Where boosting begins, class by class; empty: at the engine's own beginning.
  func setScores(_ scores: [Double]) throws { try set("init_score", scores, .float64) }

  deinit { if handle != nil { _ = library.datasetFree(handle) } }
}
