/// How rows are divided into folds.
public struct FoldSettings: Sendable, Equatable {
  public enum Strategy: String, Sendable, CaseIterable {
    case kFold = "k-fold"
    case timeSeries = "time-series"
    case leaveOneOut = "leave-one-out"
  }

  public var strategy = Strategy.kFold
  /// At least 2; `leaveOneOut` has as many as there are rows, or groups.
  public var folds = 5
  /// Each class has its share in every fold; for classification.
  public var stratify = false
  /// The field whose values keep rows together.
  public var group: Group?
  /// Times that the rows are divided anew.
  public var repeats = 1
  /// Divides in a random order; otherwise in that of the rows. A time series never is.
  public var shuffle = true
  /// Of the order.
  public var seed: UInt64 = 0
  /// Rows left out between those trained on and those validated on; for a time series.
  public var gap = 0
  /// Rows validated on in each fold of a time series; `nil`: as many as fit.
  public var testSize: Int?
  /// The last rows that a fold of a time series trains on at most; `nil`: all.
  public var maxTrainSize: Int?

  public enum Group: Sendable, Equatable {
    /// The field with the role of a group.
    case byRole
    case field(String)
  }

  public init() {}
}
