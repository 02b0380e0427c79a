import PluginKit

/// Rows in an engine's form, and the batch that they are of.
struct KeptRows {
  var matrix: any EngineMatrix
  /// See `EngineRows`.
  var order: [Int]?
  private var id: UInt64
  private var rows: Int
  private var featureCount: Int
  private var hasTarget: Bool
  private var hasWeight: Bool
  private var hasGroup: Bool

  init(_ batch: Batch, _ matrix: any EngineMatrix, _ order: [Int]?) {
    self.matrix = matrix
    self.order = order
    id = batch.dataID
    rows = batch.rows
    featureCount = batch.features.width
    hasTarget = batch.target != nil
    hasWeight = batch.weight != nil
    hasGroup = batch.group != nil
  }

  func serves(_ batch: Batch) -> Bool {
    batch.dataID != 0 && id == batch.dataID && rows == batch.rows && featureCount == batch.features.width
      && hasTarget == (batch.target != nil) && hasWeight == (batch.weight != nil)
      && hasGroup == (batch.group != nil)
  }
}
